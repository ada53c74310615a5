// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import Glibc
package import Host

/// Whose filters are on an interface, by rtnetlink(7), since libbpf only finds filters that it is told the names of.
package enum TCFilters {
    /// Whether there is a filter on the interface's clsact or ingress qdisc; false where there is no such qdisc.
    package static func exist(interfaceIndex: UInt32) throws(KernelError) -> Bool {
        for parent in [ingress, egress]
        where try firstAnswer(Request(interfaceIndex: interfaceIndex, parent: parent)) == RTM_NEWTFILTER {
            return true
        }
        return false
    }

    // TC_H_CLSACT with TC_H_MIN_INGRESS and TC_H_MIN_EGRESS of linux/pkt_sched.h.
    private static let ingress: UInt32 = 0xffff_fff2
    private static let egress: UInt32 = 0xffff_fff3

    /// Asks for all filters of one side.
    private struct Request {
        package var header = nlmsghdr()
        package var filter = tcmsg()

        package init(interfaceIndex: UInt32, parent: UInt32) {
            header.nlmsg_len = UInt32(MemoryLayout<Request>.size)
            header.nlmsg_type = UInt16(RTM_GETTFILTER)
            header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH)
            filter.tcm_ifindex = CInt(interfaceIndex)
            filter.tcm_parent = parent
        }
    }

    /// The type of the first message that comes back: a filter, or the end of the list, or an error.
    private static func firstAnswer(_ request: Request) throws(KernelError) -> Int {
        let failure = "cannot list the TC filters of interface \(request.filter.tcm_ifindex)"
        let raw = socket(AF_NETLINK, CInt(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
        guard raw >= 0 else { throw KernelError(errno: errno, failure) }
        let descriptor = Descriptor(owning: raw)
        var request = request
        guard unsafe send(descriptor.raw, &request, MemoryLayout<Request>.size, 0) >= 0 else {
            throw KernelError(errno: errno, failure)
        }
        // What is longer is cut; only the first header matters.
        var answer = nlmsghdr()
        guard unsafe recv(descriptor.raw, &answer, MemoryLayout<nlmsghdr>.size, 0) >= 0 else {
            throw KernelError(errno: errno, failure)
        }
        return Int(answer.nlmsg_type)
    }
}
