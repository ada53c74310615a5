// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
package import FlowModel
import Glibc
package import Host

/// A port as the register of ports has it.
package struct RegisteredPort: Equatable, Sendable {
    package let number: PortNumber
    /// The interface's name now, as far as its daemon has heard.
    package internal(set) var name: String
    package let interfaceIndex: UInt32
    package let role: PortRole
    package internal(set) var fromHook: Hook
    package internal(set) var toHook: Hook
    package internal(set) var xdpMode: XDPMode?
    /// Detached; what it counted last is not drained yet.
    package internal(set) var isClosing: Bool
    package let attached: UnixTime
    let networkNamespace: UInt64
    var ownsQdisc: Bool
    /// Which programs it has.
    package internal(set) var judging: Judging
    /// Why its programs copy frames, or a process replaces them by such, or died while at it.
    var copying: CopyingReasons

    /// A port with no program on it yet.
    package init(
        number: PortNumber, interface: NetworkInterface, role: PortRole, networkNamespace: UInt64,
        attached: UnixTime = ClockAnchor.now.realtime
    ) {
        self.number = number
        name = interface.name
        interfaceIndex = interface.index
        self.role = role
        fromHook = .none
        toHook = .none
        xdpMode = nil
        isClosing = false
        self.attached = attached
        self.networkNamespace = networkNamespace
        ownsQdisc = false
        judging = .plain
        copying = []
    }
}

extension RegisteredPort {
    /// Registered, but not all of its programs are on it yet: a process is attaching it, or died while attaching it.
    package var isUnfinished: Bool { fromHook == .none || toHook == .none }

    /// Which programs it has, or should have.
    var use: ProgramUse { ProgramUse(asksPolicy: judging != .plain, copying: copying.use) }

    /// Whether tap sessions take its frames, or copies leave by it.
    var isTapped: Bool { copying.contains(.tapped) }

    /// Whether its programs send copies, in both directions; else those from it, at least, go to `weir-mirror` by a ring. Of a port that has
    /// no programs yet it is taken for granted.
    package var canSendCopies: Bool {
        switch fromHook {
        case .none, .tcx, .clsact: true
        case .unobserved, .xdp, .xdpDispatched, .xsk, .fentry: false
        }
    }

    /// Whether a program of its keeps connections.
    var hasConnections: Bool { judging == .judged || fromHook == .xdpDispatched }

    /// The interface that it is on, where that is still there.
    var interface: NetworkInterface { NetworkInterface(name: name, index: interfaceIndex) }

    /// Whether its interface was in the network namespace of that inode number when it was attached.
    package func isIn(_ namespace: UInt64) -> Bool { networkNamespace == namespace }
}

extension FlowMaps {
    /// All ports, in the order of their numbers: one system call for all.
    package func registeredPorts() throws(KernelError) -> [RegisteredPort] {
        var result: [RegisteredPort] = []
        try ports.forEachEntry(initialKey: UInt32(0), initialValue: weir_port()) { key, entry in
            result.append(RegisteredPort(number: PortNumber(UInt16(key)), entry))
        }
        return result.sorted { $0.number < $1.number }
    }

    /// Ports that programs count for, or are being attached to, on interfaces of these indices in one namespace; dead ones
    /// among them.
    func attachedPorts(
        on interfaces: Set<UInt32>, in namespace: UInt64
    ) throws(KernelError) -> [RegisteredPort] {
        var result: [RegisteredPort] = []
        try ports.forEachEntry(initialKey: UInt32(0), initialValue: weir_port()) { key, entry in
            guard entry.network_namespace == namespace, entry.state != UInt8(WEIR_PORT_CLOSING.rawValue),
                interfaces.contains(entry.ifindex)
            else { return }
            result.append(RegisteredPort(number: PortNumber(UInt16(key)), entry))
        }
        return result
    }

    /// The port of that number, or nil if there is none.
    package func registeredPort(_ number: PortNumber) throws(KernelError) -> RegisteredPort? {
        try ports.value(of: UInt32(number.rawValue), initial: weir_port()).map { RegisteredPort(number: number, $0) }
    }

    /// Enters a new port, with nothing counted. Where it throws, nothing is left of it. Programs know nothing of it before
    /// `publish`.
    package func add(_ port: RegisteredPort) throws(KernelError) {
        do throws(KernelError) {
            try counts.make(for: port)
            try register(port)
        } catch {
            counts.remove(port.number)
            throw error
        }
    }

    /// Enters a port that no interface is behind, for programs that are run without one.
    package func addWithoutInterface(_ number: PortNumber, role: PortRole) throws(KernelError) -> RegisteredPort {
        let port = RegisteredPort(
            number: number, interface: NetworkInterface(name: "none", index: 0), role: role, networkNamespace: 0)
        try add(port)
        try publish([port])
        return port
    }

    /// Writes down what has changed of a port.
    func register(_ port: RegisteredPort) throws(KernelError) {
        try ports.set(weir_port(port), of: UInt32(port.number.rawValue))
    }

    /// Forgets a port. Its number may be given out again.
    package func unregister(_ number: PortNumber) throws(KernelError) { try unregister([number]) }

    /// Forgets several, and waits for the kernel once for each kind of map.
    func unregister(_ numbers: [PortNumber]) throws(KernelError) {
        guard !numbers.isEmpty else { return }
        for number in numbers {
            try ports.remove(UInt32(number.rawValue))
            counts.remove(number)
        }
        for ofPorts in mapsOfPorts { try ofPorts.remove(numbers) }
    }

    /// The next free number after the one given out last, so that numbers come back as late as can be.
    func freeNumber(after last: UInt16) throws(KernelError) -> PortNumber {
        let limit = UInt32(WEIR_MAX_PORTS)
        for step in 1..<limit {
            let candidate = (UInt32(last) + step - 1) % (limit - 1) + 1
            guard try ports.value(of: candidate, initial: weir_port()) != nil else {
                return PortNumber(UInt16(candidate))
            }
        }
        throw KernelError(
            .busy, "cannot attach another port", cause: "all \(limit - 1) port numbers are in use",
            remedy: "detach ports that are no longer needed")
    }
}

extension RegisteredPort {
    fileprivate init(number: PortNumber, _ entry: weir_port) {
        self.number = number
        name = unsafe withUnsafeBytes(of: entry.name) { bytes in
            unsafe InterfaceName.text(of: Array(bytes.prefix { $0 != 0 }))
        }
        interfaceIndex = entry.ifindex
        role = PortRole(rawValue: entry.role) ?? .guest
        fromHook = Hook(rawValue: entry.from_hook) ?? .none
        toHook = Hook(rawValue: entry.to_hook) ?? .none
        xdpMode = XDPMode(rawValue: entry.xdp_mode)
        isClosing = entry.state == UInt8(WEIR_PORT_CLOSING.rawValue)
        attached = UnixTime(nanoseconds: Int64(entry.attached_realtime_ns))
        networkNamespace = entry.network_namespace
        ownsQdisc = entry.owns_clsact != 0
        judging = Judging(rawValue: entry.judging) ?? .changing
        copying = CopyingReasons(rawValue: entry.copying)
    }
}

/// Why a port's programs copy frames: enum weir_port_copying.
struct CopyingReasons: OptionSet {
    let rawValue: UInt8

    static let tapped = CopyingReasons(rawValue: UInt8(WEIR_PORT_TAPPED.rawValue))
    static let sampled = CopyingReasons(rawValue: UInt8(WEIR_PORT_SAMPLED.rawValue))

    /// Of the port's programs.
    var use: ProgramUse.Copying { contains(.tapped) ? .frames : contains(.sampled) ? .samples : .nothing }
}

extension weir_port {
    fileprivate init(_ port: RegisteredPort) {
        self.init()
        unsafe withUnsafeMutableBytes(of: &name) { bytes in
            unsafe bytes.copyBytes(from: InterfaceName.bytes(of: port.name).prefix(Int(WEIR_INTERFACE_NAME_LENGTH) - 1))
        }
        ifindex = port.interfaceIndex
        role = port.role.rawValue
        state = UInt8(port.isClosing ? WEIR_PORT_CLOSING.rawValue : WEIR_PORT_ATTACHED.rawValue)
        from_hook = port.fromHook.rawValue
        to_hook = port.toHook.rawValue
        xdp_mode = port.xdpMode?.rawValue ?? 0
        owns_clsact = port.ownsQdisc ? 1 : 0
        judging = port.judging.rawValue
        copying = port.copying.rawValue
        attached_realtime_ns = UInt64(port.attached.nanoseconds)
        network_namespace = port.networkNamespace
    }
}
