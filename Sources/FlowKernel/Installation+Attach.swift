// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel
import Glibc
package import Host

extension Installation {
    /// Attaches programs to an interface of this thread's network namespace and registers it as a port.
    ///
    /// Either all of it is done or, when this throws, nothing. Takes some 50 ms: for the kernel to bring each of two programs
    /// into effect, and what they need.
    package func attach(_ name: String, _ options: AttachOptions) throws(KernelError) -> RegisteredPort {
        let interface = try NetworkInterface.named(name)
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let begun = try begin(interface, try NetworkInterface.currentNamespace(), options)
        try publish([begun])
        return try finish(begun)
    }

    /// Throws what `attach` would refuse, and changes nothing: for callers that attach several ports or none. A port that is attached already
    /// is not refused.
    package func checkAttachable(_ name: String, _ options: AttachOptions) throws(KernelError) {
        let interface = try NetworkInterface.named(name)
        let namespace = try NetworkInterface.currentNamespace()
        guard
            try !ports(on: interface, namespace).contains(where: {
                !$0.isUnfinished && faults(of: $0) != [.interfaceGone]
            })
        else { return }
        try refuse(interface, namespace, options.resolved(on: interface))
    }

    private func refuse(
        _ interface: NetworkInterface, _ namespace: UInt64, _ options: AttachOptions
    ) throws(KernelError) {
        guard try interface.isEthernet() else {
            throw KernelError(
                .unsupported, "cannot attach to \(interface.name)", cause: "its frames have no Ethernet header",
                remedy: "measure a tap, veth, bridge port or NIC instead")
        }
        for port in try ports(on: interface, namespace) where isAlive(port) {
            throw KernelError(
                .busy, "cannot attach to \(interface.name)",
                cause: "it is attached already, as port \(port.number.rawValue)",
                remedy: "detach it first: weir detach \(interface.name)")
        }
        switch options.hook {
        case .auto, .tc: break
        case .xdp: try XDPHook.refuse(interface, mode: options.xdpMode)
        case .xsk: try XSKHook.refuse(interface, mode: options.xdpMode)
        }
    }

    /// Ports that were attached to the interface, dead ones among them.
    private func ports(
        on interface: NetworkInterface, _ namespace: UInt64
    ) throws(KernelError) -> [RegisteredPort] {
        try tables.maps.attachedPorts(on: [interface.index], in: namespace)
    }

    /// Gives the interface a number. The turn must be ours, until `finish`; before that comes `publish`.
    func begin(
        _ interface: NetworkInterface, _ namespace: UInt64, _ options: AttachOptions
    ) throws(KernelError) -> BegunPort {
        let options = options.resolved(on: interface)
        try refuse(interface, namespace, options)
        for port in try ports(on: interface, namespace) { try close(port) }
        let number = try tables.maps.freeNumber(after: tables.control.lastPort)
        tables.control.setLastPort(number.rawValue)
        var port = RegisteredPort(
            number: number, interface: interface, role: options.role, networkNamespace: namespace)
        try tables.maps.add(port)
        do throws(KernelError) {
            // Those of a port that had the number before.
            try tables.maps.sampling.current()?.set(SamplingRates(), of: number)
            try tables.setPolicy(options.policy, of: port)
            if options.policy != nil { port.judging = .judged }
            return BegunPort(port: port, interface: interface, options: options)
        } catch {
            try? tables.maps.unregister(number)
            throw error
        }
    }

    /// Gives ports that are begun what their programs need. Where it throws, nothing is left of them.
    func publish(_ begun: [BegunPort]) throws(KernelError) {
        do throws(KernelError) {
            try tables.maps.publish(begun.map(\.port))
            let judged = begun.filter { $0.port.judging == .judged }.map(\.port)
            if !judged.isEmpty { try tables.maps.publishConnections(of: judged) }
        } catch {
            try? tables.maps.unregister(begun.map(\.port.number))
            throw error
        }
    }

    /// Attaches the programs.
    func finish(_ begun: BegunPort) throws(KernelError) -> RegisteredPort {
        var begun = begun
        var port = begun.port
        // Whoever attaches thousands of ports does not read them.
        defer { tables.maps.counts.close(port.number) }
        do throws(KernelError) {
            // It may have become a source of copies since it was begun.
            port.copying = try tables.maps.registeredPort(port.number)?.copying ?? []
            begun.port = port
            if begun.options.hook == .xsk {
                try attachXSK(begun, &port)
            } else {
                try attachToPort(begun, &port)
                try attachFromPort(begun, &port)
            }
            try tables.maps.register(port)
            return port
        } catch {
            try? giveUp(port)
            throw error
        }
    }

    /// Takes away what was attached. Where it has counted already, the port stays until that is drained.
    private func giveUp(_ port: RegisteredPort) throws(KernelError) {
        try takeAway(PortFeature.allCases, of: port)
        guard try tables.lifetimeTotals(of: port)?.both.seen.isZero ?? true else { return try setClosing(port) }
        try tables.maps.unregister(port.number)
        try leaveUnusedNamespaces()
    }

    private func attachXSK(_ begun: BegunPort, _ port: inout RegisteredPort) throws(KernelError) {
        let hook = XSKHook(interface: begun.interface, folder: directory.portDirectory(port.number))
        let mode = try hook.attach(
            mode: begun.options.xdpMode,
            load: { () throws(KernelError) in
                try tables.load(
                    .xskFromPort, for: begun.port, use: begun.port.use)
            },
            note: { (mode) throws(KernelError) in
                // For the process that closes the port, should this one die before ours is in place.
                port.xdpMode = mode
                try tables.maps.register(port)
            })
        (port.fromHook, port.toHook, port.xdpMode) = (.xsk, .unobserved, mode)
        if try attachSent(begun.port) { port.toHook = .fentry }
    }

    func attachToPort(_ begun: BegunPort, _ port: inout RegisteredPort) throws(KernelError) {
        port.toHook = try attachTC(.toPort, begun, &port)
    }

    func attachFromPort(_ begun: BegunPort, _ port: inout RegisteredPort) throws(KernelError) {
        let kind = begun.options.programFromPort(of: begun.interface)
        switch kind {
        case .xdpFromPort:
            let attachment = try programs.withProgram(
                kind, for: port, use: port.use, on: tables
            ) {
                (program) throws(KernelError) in
                try XDPHook.attach(program, to: begun.interface, mode: begun.options.xdpMode)
            }
            try attachment.link.pin(at: PortLink.from.path(in: directory.portDirectory(port.number)))
            (port.fromHook, port.xdpMode) = (.xdp, attachment.mode)
        case .xdpDispatched: try addEntry(of: &port)
        default: port.fromHook = try attachTC(.fromPort, begun, &port)
        }
    }

    private func attachTC(
        _ side: TCHook.Side, _ begun: BegunPort, _ port: inout RegisteredPort
    ) throws(KernelError) -> Hook {
        let attachment = try programs.withProgram(
            side.program, for: port, use: port.use, on: tables
        ) {
            (program) throws(KernelError) in
            try TCHook.attach(program, to: begun.interface, side: side)
        }
        return try keep(attachment, &port, as: side.link)
    }

    private func keep(
        _ attachment: consuming TCHook.Attachment, _ port: inout RegisteredPort, as pin: PortLink
    ) throws(KernelError) -> Hook {
        switch consume attachment {
        case .link(let link):
            try link.pin(at: pin.path(in: directory.portDirectory(port.number)))
            return .tcx
        case .filter(let ownsQdisc):
            port.ownsQdisc = port.ownsQdisc || ownsQdisc
            return .clsact
        }
    }
}

extension Installation {
    /// Takes the port's programs away and leaves the interface as it was found.
    package func detach(_ port: RegisteredPort) throws(KernelError) { try detach([port]) }

    /// Takes the programs of these ports away, in turn, and leaves their interfaces as they were found. Ends at the first port
    /// that cannot be detached.
    ///
    /// A port stays in the register until a meter has drained what it counted last.
    package func detach(_ ports: [RegisteredPort]) throws(KernelError) {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        var failure: KernelError?
        for port in ports where failure == nil {
            do throws(KernelError) {
                if let current = try current(of: port) { try close(current) }
            } catch {
                failure = error
            }
        }
        try leaveUnusedNamespaces()
        if let failure { throw failure }
    }

    /// The port as the register has it now; nil if it was detached meanwhile.
    private func current(of port: RegisteredPort) throws(KernelError) -> RegisteredPort? {
        guard let current = try tables.maps.registeredPort(port.number), !current.isClosing else { return nil }
        return current.attached == port.attached ? current : nil
    }

    func close(_ port: RegisteredPort) throws(KernelError) {
        try takeAway(PortFeature.allCases, of: port)
        try setClosing(port)
    }

    /// Closes a port whose interface has left this namespace, and its filters with it: its index may be another's by now.
    func closeWithoutFilters(_ port: RegisteredPort) throws(KernelError) {
        try takeAway(PortFeature.withoutInterface, of: port)
        try setClosing(port)
    }

    private func setClosing(_ port: RegisteredPort) throws(KernelError) {
        var port = port
        port.isClosing = true
        try tables.maps.register(port)
    }

    /// Removes what the ports of a network namespace shared, after the last of them was closed.
    func leaveUnusedNamespaces() throws(KernelError) {
        let used = Set(try attachedPorts().map(\.networkNamespace))
        for table in tables.maps.interfaces.open where !used.contains(table.namespace) {
            programs.remove(ofNamespace: table.namespace)
            try tables.maps.interfaces.remove(table.namespace)
        }
    }
}
