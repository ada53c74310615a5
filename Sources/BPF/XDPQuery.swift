// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import FlowModel
import Glibc
package import Host

/// Asks rtnetlink(7) for the XDP program of one interface of this thread's network namespace.
///
/// libbpf's `bpf_xdp_query` has the kernel list all interfaces to find the one: with 1,000 of them, 9 ms.
package enum XDPQuery {
    /// nil where there is none.
    package static func occupant(of interface: NetworkInterface) throws(KernelError) -> XDPOccupant? {
        let failure = "cannot look at the XDP hook of \(interface.name)"
        let message = try answer(Request(interface.index), failure)
        var rest = NetlinkBytes(message[...])
        guard let length = rest.word32(at: 0), let type = rest.word16(at: 4),
            var body = rest.take(Int(length), headed: MemoryLayout<nlmsghdr>.size)
        else { throw KernelError(.invalid, failure, cause: "the kernel's answer cannot be read") }
        guard type == RTM_NEWLINK else {
            // NLMSG_ERROR: a negative errno comes first.
            throw KernelError(errno: body.word32(at: 0).map { CInt(bitPattern: $0) } ?? -EINVAL, failure)
        }
        guard let attributes = body.take(body.count, headed: MemoryLayout<ifinfomsg>.size)?.attributes() else {
            throw KernelError(.invalid, failure, cause: "the kernel's answer cannot be read")
        }
        guard let xdp = attributes[UInt16(IFLA_XDP)]?.attributes(),
            let id = identifiers.compactMap({ xdp[$0]?.word32(at: 0) }).first(where: { $0 != 0 })
        else { return nil }
        return XDPOccupant(id: id, mode: XDPMode(attached: xdp[attached]?.byte(at: 0) ?? 0))
    }

    /// linux/if_link.h: IFLA_XDP_ATTACHED; IFLA_XDP_PROG_ID and those of the driver, the kernel and the card.
    private static let attached: UInt16 = 2
    private static let identifiers: [UInt16] = [4, 5, 6, 7]

    /// RTM_GETLINK of one interface, without its statistics.
    private struct Request {
        package var header = nlmsghdr()
        package var interface = ifinfomsg()
        package var attribute = nlattr()
        package var mask: UInt32 = 1 << 3  // RTEXT_FILTER_SKIP_STATS

        package init(_ index: UInt32) {
            header.nlmsg_len = UInt32(MemoryLayout<Request>.size)
            header.nlmsg_type = UInt16(RTM_GETLINK)
            header.nlmsg_flags = UInt16(NLM_F_REQUEST)
            interface.ifi_index = CInt(bitPattern: index)
            attribute.nla_len = UInt16(MemoryLayout<nlattr>.size + MemoryLayout<UInt32>.size)
            attribute.nla_type = UInt16(IFLA_EXT_MASK)
        }
    }

    /// The most that the kernel sends of one interface (NLMSG_GOODSIZE, some times over).
    private static let longestAnswer = 1 << 16

    private static func answer(_ request: Request, _ failure: String) throws(KernelError) -> [UInt8] {
        let raw = socket(AF_NETLINK, CInt(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
        guard raw >= 0 else { throw KernelError(errno: errno, failure) }
        let descriptor = Descriptor(owning: raw)
        var request = request
        guard unsafe send(descriptor.raw, &request, MemoryLayout<Request>.size, 0) >= 0 else {
            throw KernelError(errno: errno, failure)
        }
        return try descriptor.read(upTo: longestAnswer, from: "the kernel's answer about an interface")
    }
}
