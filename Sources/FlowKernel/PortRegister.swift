// SPDX-License-Identifier: Apache-2.0

import CWeirABI
package import FlowModel
import Glibc

/// A port as the register of ports has it.
package struct RegisteredPort: Equatable, Sendable {
    package let number: PortNumber
    package let name: String
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

    /// A port with no program on it yet.
    package init(number: PortNumber, interface: NetworkInterface, role: PortRole, networkNamespace: UInt64) {
        self.number = number
        name = interface.name
        interfaceIndex = interface.index
        self.role = role
        fromHook = .none
        toHook = .none
        xdpMode = nil
        isClosing = false
        attached = ClockAnchor.now.realtime
        self.networkNamespace = networkNamespace
        ownsQdisc = false
    }
}

extension RegisteredPort {
    /// Registered, but not all of its programs are on it yet: somebody attaches it at this moment, or died while at it.
    package var isUnfinished: Bool { fromHook == .none || toHook == .none }

    /// Whether its interface was in the network namespace of that inode number when it was attached.
    package func isIn(_ namespace: UInt64) -> Bool { networkNamespace == namespace }
}

extension FlowMaps {
    /// All ports, in the order of their numbers.
    package func registeredPorts() throws(KernelError) -> [RegisteredPort] {
        var result: [RegisteredPort] = []
        for key in try ports.keys(initial: UInt32(0)).sorted() {
            guard let entry = try ports.value(of: key, initial: weir_port()) else { continue }
            result.append(RegisteredPort(number: PortNumber(UInt16(key)), entry))
        }
        return result
    }

    package func register(_ port: RegisteredPort) throws(KernelError) {
        try ports.set(weir_port(port), of: UInt32(port.number.rawValue))
    }

    /// Forgets a port. Its number may be given out again.
    package func unregister(_ number: PortNumber) throws(KernelError) {
        try ports.remove(UInt32(number.rawValue))
    }

    /// The next free number after the one given out last, so that numbers come back as late as can be.
    func freeNumber(after last: UInt16) throws(KernelError) -> PortNumber {
        let taken = Set(try ports.keys(initial: UInt32(0)))
        let limit = UInt32(WEIR_MAX_PORTS)
        for step in 1..<limit {
            let candidate = (UInt32(last) + step - 1) % (limit - 1) + 1
            if !taken.contains(candidate) { return PortNumber(UInt16(candidate)) }
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
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
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
    }
}

extension weir_port {
    fileprivate init(_ port: RegisteredPort) {
        self.init()
        unsafe withUnsafeMutableBytes(of: &name) { bytes in
            unsafe bytes.copyBytes(from: port.name.utf8.prefix(Int(WEIR_INTERFACE_NAME_LENGTH) - 1))
        }
        ifindex = port.interfaceIndex
        role = port.role.rawValue
        state = UInt8(port.isClosing ? WEIR_PORT_CLOSING.rawValue : WEIR_PORT_ATTACHED.rawValue)
        from_hook = port.fromHook.rawValue
        to_hook = port.toHook.rawValue
        xdp_mode = port.xdpMode?.rawValue ?? 0
        owns_clsact = port.ownsQdisc ? 1 : 0
        attached_realtime_ns = UInt64(port.attached.nanoseconds)
        network_namespace = port.networkNamespace
    }
}
