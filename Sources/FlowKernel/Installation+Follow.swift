// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Host

// For callers that follow the interfaces of this thread's network namespace as they come and go.
extension Installation {
    /// Attaches several interfaces, one outcome each.
    ///
    /// Others wait for their turn as long as this takes: some 20 ms a port. Throws where not even one could be tried.
    ///
    /// - Parameter onBegun: told of the ports that have their numbers, before they get their programs. The turn of the ports is ours.
    package func attach(
        _ requests: [AttachRequest], onBegun: ([RegisteredPort]) -> Void = { _ in }
    ) throws(KernelError) -> [AttachOutcome] {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let namespace = try NetworkInterface.currentNamespace()
        var known: Set<UInt32> = []
        let starts = requests.map { request in
            // What is begun and not finished looks like what a dead process left behind.
            known.insert(request.interface.index).inserted
                ? begin(request, namespace) : .failure(NotBegun(.isAttached))
        }
        let failure = publishAll(starts)
        let begun = starts.compactMap { try? $0.get().finished }
        if failure == nil, !begun.isEmpty { onBegun(begun) }
        return starts.map { start in
            switch start {
            case .success(let begun): failure.map { .refused($0) } ?? outcome(of: begun)
            case .failure(let reason): reason.outcome
            }
        }
    }

    /// Returns why it could not be done, for all that are begun.
    private func publishAll(_ starts: [Result<BegunPort, NotBegun>]) -> KernelError? {
        do throws(KernelError) {
            try publish(starts.compactMap { try? $0.get() })
            return nil
        } catch {
            return error
        }
    }

    private func begin(_ request: AttachRequest, _ namespace: UInt64) -> Result<BegunPort, NotBegun> {
        let interface = request.interface
        guard NetworkInterface.name(ofIndex: interface.index) == interface.name else {
            return .failure(NotBegun(.isGone))
        }
        do throws(KernelError) {
            let ports = try tables.maps.attachedPorts(on: [interface.index], in: namespace)
            for port in ports where !port.isUnfinished {
                if let outcome = try settle(port, interface) { return .failure(NotBegun(outcome)) }
            }
            return .success(try begin(interface, namespace, request.options))
        } catch {
            return .failure(NotBegun(failure(error, interface)))
        }
    }

    /// What becomes of a port that is on the interface already; nil where it is of another that had its index.
    private func settle(
        _ port: RegisteredPort, _ interface: NetworkInterface
    ) throws(KernelError) -> AttachOutcome? {
        let faults = faults(of: port)
        if faults.isEmpty { return .isAttached }
        let finding = PortFinding(port: port, faults: faults, whole: nil)
        let isAnother = port.name != interface.name && finding.hasLostAllPrograms
        guard faults != [.interfaceGone], !isAnother else { return nil }
        try mend(finding, nil)
        return .mended(finding)
    }

    private func outcome(of begun: BegunPort) -> AttachOutcome {
        do throws(KernelError) {
            return .attached(try finish(begun))
        } catch {
            return failure(error, begun.interface)
        }
    }

    /// An interface that goes while it is attached is no trouble.
    private func failure(_ error: KernelError, _ interface: NetworkInterface) -> AttachOutcome {
        guard NetworkInterface.name(ofIndex: interface.index) == interface.name else { return .isGone }
        return error.isOutOfDescriptors ? .withheld(.outOfDescriptors(attaching: interface.name)) : .refused(error)
    }

    /// Why nothing was begun.
    private struct NotBegun: Error {
        let outcome: AttachOutcome

        init(_ outcome: AttachOutcome) { self.outcome = outcome }
    }
}

extension Installation {
    /// Closes the ports of interfaces that have left this namespace, whatever their indices are now, and returns them.
    package func closePorts(ofGone interfaces: Set<UInt32>) throws(KernelError) -> [RegisteredPort] {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let namespace = try NetworkInterface.currentNamespace()
        let dead = try tables.maps.attachedPorts(on: interfaces, in: namespace).filter { !isAlive($0) }
        for port in dead { try closeWithoutFilters(port) }
        if !dead.isEmpty { try leaveUnusedNamespaces() }
        return dead
    }

    /// Gives the port on that interface its new name; returns it as it was, or nil where there is none.
    package func rename(_ interface: NetworkInterface) throws(KernelError) -> RegisteredPort? {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let namespace = try NetworkInterface.currentNamespace()
        let ports = try tables.maps.attachedPorts(on: [interface.index], in: namespace)
        let port = ports.first { port in
            port.name != interface.name && !port.isUnfinished && faults(of: port) != [.interfaceGone]
        }
        guard let port else { return nil }
        var renamed = port
        renamed.name = interface.name
        try tables.maps.register(renamed)
        return port
    }

    /// The ports on interfaces of this namespace, by their indices.
    package func portsHere() throws(KernelError) -> [UInt32: RegisteredPort] {
        let namespace = try NetworkInterface.currentNamespace()
        let here = try attachedPorts().filter { $0.isIn(namespace) && !$0.isUnfinished }
        return Dictionary(here.map { ($0.interfaceIndex, $0) }, uniquingKeysWith: { $1 })
    }
}
