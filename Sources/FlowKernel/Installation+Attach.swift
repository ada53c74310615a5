// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Glibc

extension Installation {
    /// Attaches programs to an interface of this thread's network namespace and registers it as a port.
    ///
    /// Either all of it is done or, when this throws, nothing. Takes some milliseconds for the verifier.
    package func attach(_ name: String, _ options: AttachOptions) throws(KernelError) -> RegisteredPort {
        let interface = try NetworkInterface.named(name)
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let namespace = try NetworkInterface.currentNamespace()
        try refuse(interface, namespace, options)
        for port in try ports(on: interface, namespace) { try close(port) }
        let number = try tables.maps.freeNumber(after: tables.control.lastPort)
        tables.control.setLastPort(number.rawValue)
        try tables.maps.clearTotals(of: number)
        return try attach(interface, as: number, namespace, options)
    }

    /// Throws what `attach` would refuse, and changes nothing: for who attaches several ports or none.
    package func checkAttachable(_ name: String, _ options: AttachOptions) throws(KernelError) {
        try refuse(try NetworkInterface.named(name), try NetworkInterface.currentNamespace(), options)
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
        if options.hook == .xdp { try XDPHook.refuseForeign(on: interface) }
    }

    /// Ports that were attached to the interface, dead ones among them.
    private func ports(
        on interface: NetworkInterface, _ namespace: UInt64
    ) throws(KernelError) -> [RegisteredPort] {
        try attachedPorts().filter { $0.interfaceIndex == interface.index && $0.isIn(namespace) }
    }

    private func attach(
        _ interface: NetworkInterface, as number: PortNumber, _ namespace: UInt64, _ options: AttachOptions
    ) throws(KernelError) -> RegisteredPort {
        var port = RegisteredPort(
            number: number, interface: interface, role: options.role, networkNamespace: namespace)
        try tables.maps.register(port)
        do throws(KernelError) {
            try PinDirectory.makeDirectory(directory.portDirectory(number))
            try attachToPort(interface, &port)
            try attachFromPort(interface, &port, options)
            try tables.maps.register(port)
            return port
        } catch {
            try? takeAway(port)
            try? tables.maps.unregister(number)
            throw error
        }
    }

    private func attachToPort(_ interface: NetworkInterface, _ port: inout RegisteredPort) throws(KernelError) {
        let program = try tables.load(.tcToPort, port: port.number, role: port.role)
        port.toHook = try keep(try TCHook.attach(program, to: interface, side: .toPort), &port, as: "to")
    }

    private func attachFromPort(
        _ interface: NetworkInterface, _ port: inout RegisteredPort, _ options: AttachOptions
    ) throws(KernelError) {
        switch options.hook {
        case .auto, .tc:
            let program = try tables.load(.tcFromPort, port: port.number, role: port.role)
            port.fromHook = try keep(try TCHook.attach(program, to: interface, side: .fromPort), &port, as: "from")
        case .xdp:
            let program = try tables.load(.xdpFromPort, port: port.number, role: port.role)
            let attachment = try XDPHook.attach(program, to: interface, mode: options.xdpMode)
            try attachment.link.pin(at: "\(directory.portDirectory(port.number))/from")
            port.fromHook = .xdp
            port.xdpMode = attachment.mode
        }
    }

    private func keep(
        _ attachment: consuming TCHook.Attachment, _ port: inout RegisteredPort, as side: String
    ) throws(KernelError) -> Hook {
        switch consume attachment {
        case .link(let link):
            try link.pin(at: "\(directory.portDirectory(port.number))/\(side)")
            return .tcx
        case .filter(let ownsQdisc):
            port.ownsQdisc = port.ownsQdisc || ownsQdisc
            return .clsact
        }
    }
}

extension Installation {
    /// Takes the port's programs away and leaves the interface as it was found.
    ///
    /// The port stays in the register until a meter has drained what it counted last.
    package func detach(_ port: RegisteredPort) throws(KernelError) {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        if let current = try current(of: port) { try close(current) }
    }

    /// Does the same with a port whose interface, or whoever was attaching it, is gone. Returns whether that was so.
    ///
    /// Looks again under the lock: somebody may be attaching the port at this moment.
    package func detachIfDead(_ port: RegisteredPort) throws(KernelError) -> Bool {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        guard let current = try current(of: port), !isAlive(current) else { return false }
        try close(current)
        return true
    }

    /// The port as the register has it now; nil if it was detached meanwhile.
    private func current(of port: RegisteredPort) throws(KernelError) -> RegisteredPort? {
        try attachedPorts().first { $0.number == port.number && $0.attached == port.attached }
    }

    private func close(_ port: RegisteredPort) throws(KernelError) {
        try takeAway(port)
        var port = port
        port.isClosing = true
        try tables.maps.register(port)
    }

    private func takeAway(_ port: RegisteredPort) throws(KernelError) {
        try takeAwayFilters(port)
        for side in ["from", "to"] {
            let path = "\(directory.portDirectory(port.number))/\(side)"
            guard unsafe access(path, F_OK) == 0 else { continue }
            try Link.open(pinnedAt: path).detach()
            unsafe unlink(path)
        }
        unsafe rmdir(directory.portDirectory(port.number))
    }

    private func takeAwayFilters(_ port: RegisteredPort) throws(KernelError) {
        guard port.fromHook == .clsact || port.toHook == .clsact else { return }
        guard port.networkNamespace == (try NetworkInterface.currentNamespace()) else {
            throw KernelError(
                .invalid, "cannot detach \(port.name)", cause: "it is in another network namespace",
                remedy: "run this command there (nsenter --net=…)")
        }
        if port.toHook == .clsact { try TCHook.detachFilter(interfaceIndex: port.interfaceIndex, side: .toPort) }
        if port.fromHook == .clsact { try TCHook.detachFilter(interfaceIndex: port.interfaceIndex, side: .fromPort) }
        if port.ownsQdisc { try TCHook.removeQdisc(interfaceIndex: port.interfaceIndex) }
    }
}
