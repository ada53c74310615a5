// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// A VXLAN device (RFC 7348) in collect-metadata mode: each frame that is sent to it says for itself where it goes, each that comes from it
/// whence it came. In this thread's network namespace.
package enum TunnelDevice {
    /// The UDP port that IANA has given to VXLAN.
    package static let usualPort: UInt16 = 4789

    /// Makes the device, and takes it up. It has no queue: the program that hands it a frame sends the frame itself.
    ///
    /// - Parameters:
    ///   - port: UDP, on which it hears, too.
    ///   - mtu: of frames inside; more than goes through a path is sent in fragments.
    package static func make(_ name: String, port: UInt16, mtu: UInt32) throws(KernelError) -> NetworkInterface {
        var request = LinkRequest(Int(RTM_NEWLINK), flags: 0x600, up: true)  // NLM_F_CREATE | NLM_F_EXCL
        request.add(Int(IFLA_IFNAME), text: name)
        request.add(Int(IFLA_MTU), bytes(mtu))
        request.nest(Int(IFLA_LINKINFO)) { request in
            request.add(Int(IFLA_INFO_KIND), text: "vxlan")
            request.nest(Int(IFLA_INFO_DATA)) { request in
                request.add(Int(IFLA_VXLAN_COLLECT_METADATA), [1])
                request.add(Int(IFLA_VXLAN_LEARNING), [0])
                request.add(Int(IFLA_VXLAN_PORT), [UInt8(port >> 8), UInt8(port & 0xff)])
                request.add(Int(IFLA_VXLAN_UDP_CSUM), [1])
                request.add(Int(IFLA_VXLAN_UDP_ZERO_CSUM6_TX), [1])
                request.add(Int(IFLA_VXLAN_UDP_ZERO_CSUM6_RX), [1])
            }
        }
        let answer = try request.answer()
        guard answer == 0 else { throw error(-answer, name, port) }
        return try NetworkInterface.named(name)
    }

    private static func error(_ errno: CInt, _ name: String, _ port: UInt16) -> KernelError {
        let failure = "cannot make the VXLAN device \(name)"
        switch errno {
        case EADDRINUSE:
            return KernelError(
                .busy, failure, cause: "something else has the UDP port \(port), a switch that has tunnels perhaps",
                remedy: "give Weir's tunnels another port at both ends")
        case EEXIST:
            return KernelError(
                .busy, failure, cause: "there is such a device already, or another one for the UDP port \(port)",
                remedy: "remove it (ip link delete \(name)), or give Weir's tunnels another port at both ends")
        case EOPNOTSUPP:
            return KernelError(
                .unsupported, failure, cause: "this kernel has no VXLAN", remedy: "load its module vxlan")
        default: return KernelError(errno: errno, failure)
        }
    }

    /// Removes the device. A device that is gone already is no error.
    package static func remove(_ interface: NetworkInterface) throws(KernelError) {
        let answer = try LinkRequest(Int(RTM_DELLINK), index: interface.index).answer()
        guard answer == 0 || answer == -ENODEV else {
            throw KernelError(errno: -answer, "cannot remove the device \(interface.name)")
        }
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
}
