// SPDX-License-Identifier: Apache-2.0

import CHost
import FlowModel
import Glibc

/// A network interface of this thread's network namespace.
package struct NetworkInterface: Hashable, Sendable {
    /// As text: see `InterfaceName`.
    package let name: String
    package let index: UInt32

    package init(name: String, index: UInt32) {
        self.name = name
        self.index = index
    }

    /// The interface of that name, in whichever way it is written.
    package static func named(_ name: String) throws(KernelError) -> NetworkInterface {
        let name = InterfaceName.canonical(name)
        let index = unsafe withName(name) { unsafe if_nametoindex($0) }
        guard index != 0 else {
            throw KernelError(
                .notFound, "cannot find the port \(name)",
                cause: "there is no such interface in this network namespace",
                remedy: "list them with: ip link")
        }
        return NetworkInterface(name: name, index: index)
    }

    /// All interfaces, in the kernel's order. Reads /proc, which lists every interface with a name.
    package static var all: [NetworkInterface] {
        guard let list = unsafe if_nameindex() else { return [] }
        defer { unsafe if_freenameindex(list) }
        var interfaces: [NetworkInterface] = []
        var entry = unsafe list
        while unsafe entry.pointee.if_index != 0 {
            unsafe interfaces.append(
                NetworkInterface(name: text(entry.pointee.if_name), index: entry.pointee.if_index))
            unsafe entry += 1
        }
        return interfaces
    }

    /// Whether its frames begin with an Ethernet header, as those of taps, veth and NICs do, but not those of tun.
    package func isEthernet() throws(KernelError) -> Bool {
        let type = unsafe Self.withName(name) { unsafe weir_interface_hardware_type($0) }
        guard type >= 0 else { throw KernelError(errno: type, "cannot look at the port \(name)") }
        return type == WEIR_HARDWARE_ETHERNET || type == WEIR_HARDWARE_LOOPBACK
    }

    /// In bits a second; nil where the driver does not say. Some drivers ask the card, which takes a while.
    package var speed: UInt64? {
        let speed = unsafe Self.withName(name) { unsafe weir_interface_speed($0) }
        return speed > 0 ? UInt64(speed) : nil
    }

    /// Whether an interface of that name is up in this thread's network namespace.
    package static func isUp(_ name: String) -> Bool {
        unsafe withName(name) { unsafe weir_interface_is_up($0) } == 1
    }

    /// The name that the interface of that index has now, or nil.
    package static func name(ofIndex index: UInt32) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
            guard let name = unsafe if_indextoname(index, buffer.baseAddress!) else { return nil }
            return unsafe text(name)
        }
    }

    /// Names of the interfaces that have an address of this host: of IPv4, or of IPv6 beyond the link.
    package static func addressed() throws(KernelError) -> Set<String> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else {
            throw KernelError(errno: errno, "cannot list the addresses of interfaces")
        }
        defer { unsafe freeifaddrs(list) }
        var names: Set<String> = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ifa_addr, unsafe reachesBeyondLink(address) {
                // An address may have a label, such as eth0:1.
                names.insert(String(unsafe text(entry.pointee.ifa_name).prefix { $0 != ":" }))
            }
            unsafe next = entry.pointee.ifa_next
        }
        return names
    }

    @unsafe private static func reachesBeyondLink(_ address: UnsafeMutablePointer<sockaddr>) -> Bool {
        switch CInt(unsafe address.pointee.sa_family) {
        case AF_INET: return true
        case AF_INET6:
            let isLinkLocal = unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                unsafe withUnsafeBytes(of: address.pointee.sin6_addr) { bytes in
                    unsafe bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
                }
            }
            return !isLinkLocal
        default: return false
        }
    }

    /// Calls the function with the name as the kernel knows it.
    @unsafe package static func withName<Result>(_ name: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let bytes = InterfaceName.bytes(of: name).map { CChar(bitPattern: $0) } + [0]
        return unsafe bytes.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }

    @unsafe private static func text(_ name: UnsafePointer<CChar>) -> String {
        InterfaceName.text(
            of: unsafe UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) })
    }

    /// The inode number that names this thread's network namespace (namespaces(7)).
    package static func currentNamespace() throws(KernelError) -> UInt64 {
        try Descriptor.open("/proc/thread-self/ns/net", flags: O_RDONLY).inode
    }
}
