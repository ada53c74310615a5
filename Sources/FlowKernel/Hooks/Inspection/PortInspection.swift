// SPDX-License-Identifier: Apache-2.0

import BPF
package import FlowModel
package import Host
import Synchronization

/// What was found missing of a port.
package struct PortFinding: Equatable, Sendable {
    package let port: RegisteredPort
    package let faults: [PortFault]
    /// When the port was last found whole; nil where it was not looked at before.
    package let whole: UnixTime?
}

/// Looks whether the programs and pins of all ports are still there, and remembers which ports were not measured throughout.
///
/// Holds what a port cannot be mended without, the counters apart, which `PortCountsStore` holds. Safe to use from any thread; one
/// looks at a time.
package final class PortInspection: Sendable {
    private struct Known: Sendable {
        /// Tells a port from one that had its number before.
        var attached: UnixTime
        var links = PortLook.Links()
        var held: [String: HeldPin] = [:]
        var whole: UnixTime?
    }

    private struct State: Sendable {
        private(set) var known: [PortNumber: Known] = [:]
        /// How many pins of all of them are held.
        private(set) var held = 0
        /// Ports that are not whole, and why.
        var broken: [PortNumber: String] = [:]
        /// Ports that were not measured throughout the open window, and why.
        var interruptions: [PortNumber: String] = [:]

        mutating func forget(allBut ports: [RegisteredPort]) {
            guard known.count != ports.count || !ports.allSatisfy({ known[$0.number] != nil }) else { return }
            let numbers = Set(ports.map(\.number))
            known = known.filter { numbers.contains($0.key) }
            held = known.values.reduce(0) { $0 + $1.held.count }
            broken = broken.filter { numbers.contains($0.key) }
        }

        mutating func remember(_ port: Known, of number: PortNumber) {
            held += port.held.count - (known.updateValue(port, forKey: number)?.held.count ?? 0)
        }

        mutating func note(_ finding: PortFinding) {
            let number = finding.port.number
            guard !finding.faults.isEmpty else {
                if !broken.isEmpty { broken[number] = nil }
                return
            }
            broken[number] = finding.faults.text
            let lost = finding.faults.filter(\.losesFrames)
            if !lost.isEmpty { interruptions[number] = lost.text }
        }
    }

    private let directory: PinDirectory
    private let state = Mutex(State())

    package init(_ directory: PinDirectory) { self.directory = directory }

    /// Looks at all ports that are attached, and notes those that are not whole.
    ///
    /// Where programs are missing it waits for its turn, since an operator may just be detaching the port, and looks again.
    ///
    /// - Returns: whether any port is to be mended.
    package func inspect(_ tables: borrowing FlowTables) throws(KernelError) -> Bool {
        let findings = try look(at: tables, isOurTurn: false)
        guard findings.contains(where: { $0.faults.contains(where: \.losesFrames) }) else { return !findings.isEmpty }
        // Where the directory is missing, there is nothing to wait for.
        let turn = try? directory.openPorts()
        switch turn {
        case .some(let turn): try turn.waitForLock()
        case .none: break
        }
        return try !look(at: tables, isOurTurn: true).isEmpty
    }

    /// Looks at all ports that are attached, and returns those that are not whole.
    ///
    /// - Parameter isOurTurn: whether the turn of the ports is ours. What is found else may be what an operator does at this moment,
    ///   and is not noted.
    func look(at tables: borrowing FlowTables, isOurTurn: Bool) throws(KernelError) -> [PortFinding] {
        let ports = try tables.maps.registeredPorts().filter { !$0.isClosing }
        let namespace = try NetworkInterface.currentNamespace()
        let (counts, control) = (tables.maps.counts, tables.maps.control.id)
        return ThreadPrivileges.inForce {
            // Without it no folder of a port is found.
            let folder = try? directory.openPorts()
            return state.withLock { state in
                state.forget(allBut: ports)
                return ports.compactMap { port in
                    // So that its counters can be pinned again.
                    _ = try? counts.counts(of: port)
                    let look = PortLook(
                        port: port, directory: directory, isHere: port.isIn(namespace), tables: control,
                        folderState: folder.state(of: port.number))
                    return take(look, isOurTurn, &state)
                }
            }
        }
    }

    private func take(_ look: PortLook, _ isOurTurn: Bool, _ state: inout State) -> PortFinding? {
        let port = look.port
        guard !port.isUnfinished else { return PortFinding(port: port, faults: [], whole: nil) }
        var known = state.known[port.number] ?? Known(attached: port.attached)
        if known.attached != port.attached { known = Known(attached: port.attached) }
        let faults = look.faults(&known.links)
        let finding = PortFinding(port: port, faults: faults, whole: known.whole)
        guard faults.isEmpty || isOurTurn else { return finding }
        hold(port, &known, canHoldMore: state.held < DescriptorLimit.mostHeldOfAKind)
        if faults.isEmpty { known.whole = ClockAnchor.now.realtime }
        state.remember(known, of: port.number)
        state.note(finding)
        return faults.isEmpty ? nil : finding
    }

    /// Holds the port's pins that only some ports have.
    private func hold(_ port: RegisteredPort, _ known: inout Known, canHoldMore: Bool) {
        let names = port.heldPins
        if known.held.isEmpty, names.isEmpty { return }
        known.held = known.held.filter { names.contains($0.key) && !$0.value.isReplaced }
        for name in names where known.held[name] == nil && canHoldMore {
            known.held[name] = HeldPin(at: "\(directory.portDirectory(port.number))/\(name)")
        }
    }

    /// Pins again what is held of a port.
    func pinAgain(_ port: RegisteredPort) throws(KernelError) {
        let held = state.withLock { $0.known[port.number]?.held.values.map(\.self) ?? [] }
        for pin in held where pin.isMissing { try pin.pinAgain() }
    }

    /// Notes that the port is whole again, with whatever links it has now.
    func noteMended(_ port: RegisteredPort) {
        state.withLock { state in
            state.broken[port.number] = nil
            guard var known = state.known[port.number] else { return }
            known.links = PortLook.Links()
            known.whole = ClockAnchor.now.realtime
            state.remember(known, of: port.number)
        }
    }

    /// Ports that are not whole at this moment, and why.
    package var broken: [PortNumber: String] { state.withLock(\.broken) }

    /// Ports that were not measured throughout the open window, and why.
    ///
    /// - Parameter closes: whether the window ends with this: then those are left that are not whole yet.
    package func interruptions(closing closes: Bool) -> [PortNumber: String] {
        state.withLock { state in
            defer {
                if closes { state.interruptions = state.interruptions.filter { state.broken[$0.key] != nil } }
            }
            return state.interruptions
        }
    }
}

extension Descriptor? {
    /// The state of the port's folder in this one; nil where either is missing.
    fileprivate func state(of port: PortNumber) -> FolderState? {
        switch self {
        case .some(let folder): FolderState(of: "\(port.rawValue)", in: folder.raw)
        case .none: nil
        }
    }
}

extension RegisteredPort {
    fileprivate var heldPins: [String] {
        (hasConnections ? [PortPin.connections.name] : []) + (fromHook == .xsk ? [PortPin.sockets.name] : [])
    }
}
