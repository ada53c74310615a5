// SPDX-License-Identifier: Apache-2.0

import CHost
package import FlowModel
import Glibc

/// Sends UDP datagrams that are packets of a tunnel, to any address; closed when it is let go of. Sending takes no privileges.
package final class TunnelSocket: Sendable {
    /// What all packets of a socket have in common.
    package struct Kind: Hashable, Sendable {
        package var version: IPVersion
        /// Whether the outer UDP header has one.
        package var hasChecksum: Bool

        package init(_ version: IPVersion, hasChecksum: Bool) {
            self.version = version
            self.hasChecksum = hasChecksum
        }
    }

    /// What outer headers say beside their ports; the address is of the socket's kind.
    package struct Header: Hashable, Sendable {
        package var address: IPAddress
        /// The traffic class of IPv6.
        package var typeOfService: UInt8
        /// Not 0.
        package var timeToLive: UInt8

        package init(to address: IPAddress, typeOfService: UInt8, timeToLive: UInt8) {
            self.address = address
            self.typeOfService = typeOfService
            self.timeToLive = timeToLive
        }
    }

    /// What became of a datagram.
    package enum Outcome: Sendable {
        /// The kernel has it.
        case sent
        /// No packet can have so many bytes, or the interface takes none so long.
        case tooBig
        case failed(KernelError)
    }

    private let descriptor: Descriptor

    /// Opens one, whose packets have a source port of the kernel's choice, and the mark, which takes CAP_NET_ADMIN. What does not fit the path is
    /// sent in fragments.
    ///
    /// - Parameter patience: no datagram waits longer for the kernel.
    package static func open(_ kind: Kind, mark: UInt32, patience: Duration) throws(KernelError) -> Descriptor {
        let raw = weir_tunnel_socket(
            kind.version == .v6 ? 1 : 0, kind.hasChecksum ? 0 : 1, mark, CInt(patience / .milliseconds(1)))
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot open a socket for a tunnel") }
        return Descriptor(owning: raw)
    }

    /// Takes over what `open` has opened.
    package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    package func send(_ datagram: [UInt8], _ header: Header, port: UInt16) -> Outcome {
        var outer = weir_outer()
        outer.port = port
        outer.is_ipv6 = header.address.version == .v6 ? 1 : 0
        (outer.type_of_service, outer.time_to_live) = (header.typeOfService, header.timeToLive)
        outer.address = header.address.wireBytes
        let sent = unsafe datagram.withUnsafeBytes { datagram in
            unsafe weir_send_outer(descriptor.raw, &outer, datagram.baseAddress, datagram.count)
        }
        return switch sent {
        case 0: .sent
        case -EMSGSIZE: .tooBig
        default: .failed(KernelError(errno: sent, "cannot send to \(header.address)"))
        }
    }
}

extension IPAddress {
    /// First byte on the wire first; of IPv4 the first four.
    fileprivate var wireBytes: weir_address {
        var bytes = weir_address()
        let (first, second) = version == .v4 ? (low << 32, 0) : (high, low)
        (bytes.first, bytes.second) = (first.bigEndian, second.bigEndian)
        return bytes
    }
}
