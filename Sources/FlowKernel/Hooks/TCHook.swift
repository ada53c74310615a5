// SPDX-License-Identifier: Apache-2.0

import BPF
import CBPF
import CLibbpf
import FlowModel
import Glibc
import Host

/// The two TC hooks of an interface.
enum TCHook {
    enum Side: CaseIterable {
        case fromPort
        case toPort

        fileprivate var tcx: bpf_attach_type { self == .fromPort ? Link.TCX.ingress : Link.TCX.egress }

        /// Before all other programs, what the guest sent; after all others, what is really delivered to it.
        fileprivate var flags: UInt32 { self == .fromPort ? Link.TCX.before : 0 }
        fileprivate var clsact: bpf_tc_attach_point { self == .fromPort ? BPF_TC_INGRESS : BPF_TC_EGRESS }
    }

    /// What an attached program is held by.
    enum Attachment: ~Copyable {
        case link(Link)
        /// By the qdisc, for as long as it exists; nothing to own.
        case filter(ownsQdisc: Bool)
    }

    /// Whether the kernel has TCX. Loopback interfaces are the first of every network namespace.
    static let hasLinks: Bool = {
        var links = [UInt32](repeating: 0, count: Int(WEIR_TCX_MOST))
        let result = ThreadPrivileges.inForce { unsafe weir_tcx_links(1, Side.fromPort.tcx.rawValue, &links) }
        return result != -EINVAL
    }()

    /// Attaches by TCX link, or, where the kernel has none, by a filter of the clsact qdisc.
    static func attach(
        _ program: borrowing Program, to interface: NetworkInterface, side: Side
    ) throws(KernelError) -> Attachment {
        switch Link.create(program.loaded, on: interface, type: side.tcx, flags: side.flags) {
        case .created(let link): return .link(link)
        case .refused(EINVAL): return .filter(ownsQdisc: try Clsact.attach(program, to: interface, side.clsact))
        case .refused(let errno): throw KernelError(errno: errno, "cannot attach to the TC hook of \(interface.name)")
        }
    }

    /// Takes away what `attach` put on the clsact qdisc; the interface may be gone.
    static func detachFilter(of interface: NetworkInterface, side: Side) throws(KernelError) {
        try Clsact.detach(interface, side.clsact)
    }

    /// Puts another program in the place of the one of our filter; does nothing where that or the interface is gone.
    ///
    /// The port must be in this thread's network namespace.
    static func replaceFilter(
        _ program: borrowing Program, of port: RegisteredPort, side: Side
    ) throws(KernelError) {
        guard hasFilter(interfaceIndex: port.interfaceIndex, side: side) else { return }
        try Clsact.replace(program, of: port, side.clsact)
    }

    /// Takes away the qdisc that was made for us, unless another process has put filters on it since.
    static func removeQdisc(of interface: NetworkInterface) throws(KernelError) {
        try Clsact.removeQdisc(of: interface)
    }

    /// The links on the TCX hook of an interface of this thread's namespace, in one call: none where the interface is gone;
    /// nil for whom it must not be looked at.
    ///
    /// The caller has its privileges in force.
    static func linkIDs(interfaceIndex: UInt32, side: Side) -> [UInt32]? {
        var links = [UInt32](repeating: 0, count: Int(WEIR_TCX_MOST))
        let count = unsafe weir_tcx_links(interfaceIndex, side.tcx.rawValue, &links)
        if count == -EPERM { return nil }
        return Array(links.prefix(max(0, Int(count))))
    }

    /// Whether that link is among those of the hook.
    static func hasLink(_ id: UInt32, interfaceIndex: UInt32, side: Side) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Int(WEIR_TCX_MOST)) { links in
            let count = unsafe weir_tcx_links(interfaceIndex, side.tcx.rawValue, links.baseAddress)
            return unsafe links.prefix(max(0, Int(count))).contains(id)
        }
    }

    static func hasFilter(interfaceIndex: UInt32, side: Side) -> Bool {
        Clsact.programID(interfaceIndex: interfaceIndex, side.clsact) != nil
    }
}

/// Filters of the clsact qdisc by libbpf's netlink calls: in the network namespace of this thread.
private enum Clsact {
    /// First in the order of filters, with a handle that names us: "WEIR".
    private static let priority: UInt32 = 1
    private static let handle: UInt32 = 0x5745_4952

    /// Returns whether the qdisc was made here and so is ours to remove.
    static func attach(
        _ program: borrowing Program, to interface: NetworkInterface, _ point: bpf_tc_attach_point
    ) throws(KernelError) -> Bool {
        var hook = hook(interface.index, point)
        let made = ThreadPrivileges.inForce { unsafe bpf_tc_hook_create(&hook) }
        guard made == 0 || made == -EEXIST else {
            throw KernelError(errno: made, "cannot add a clsact qdisc to \(interface.name)")
        }
        var options = options
        options.prog_fd = program.loaded.descriptor.raw
        let result = ThreadPrivileges.inForce { unsafe bpf_tc_attach(&hook, &options) }
        guard result == 0 else {
            if made == 0 { try? removeQdisc(of: interface) }
            throw attachError(result, interface, point)
        }
        try refuseOneSided(interface, point)
        return made == 0
    }

    /// Throws where both sides are one: an ingress qdisc takes a filter for its egress without a word and runs it on
    /// ingress, and sides may share a block. A program is loaded for one side, so it must not be found on both.
    private static func refuseOneSided(
        _ interface: NetworkInterface, _ point: bpf_tc_attach_point
    ) throws(KernelError) {
        let ingress = programID(interfaceIndex: interface.index, BPF_TC_INGRESS)
        guard let ingress, ingress == programID(interfaceIndex: interface.index, BPF_TC_EGRESS) else { return }
        try detach(interface, point)
        throw KernelError(
            .busy, "cannot attach to the TC hook of \(interface.name)",
            cause: "its ingress qdisc has no egress side of its own",
            remedy: "put a clsact qdisc in its place (see tc qdisc show dev \(interface.name))")
    }

    private static func attachError(
        _ errno: CInt, _ interface: NetworkInterface, _ point: bpf_tc_attach_point
    ) -> KernelError {
        let failure = "cannot attach to the TC hook of \(interface.name)"
        let side = point == BPF_TC_INGRESS ? "ingress" : "egress"
        switch errno {
        case -EEXIST:
            return KernelError(
                .busy, failure, cause: "a filter of another Weir is there",
                remedy: "detach it with that one, or take it away: tc filter del dev \(interface.name) \(side) prio 1")
        case -EINVAL:
            return KernelError(
                .busy, failure, cause: "its filter of priority 1 is not a BPF program",
                remedy: "give that one another priority (see tc filter show dev \(interface.name) \(side))")
        default: return KernelError(errno: errno, failure)
        }
    }

    static func replace(
        _ program: borrowing Program, of port: RegisteredPort, _ point: bpf_tc_attach_point
    ) throws(KernelError) {
        var hook = hook(port.interfaceIndex, point)
        var options = options
        options.prog_fd = program.loaded.descriptor.raw
        options.flags = UInt32(BPF_TC_F_REPLACE.rawValue)
        let result = ThreadPrivileges.inForce { unsafe bpf_tc_attach(&hook, &options) }
        guard result == 0 || result == -ENODEV else {
            throw KernelError(errno: result, "cannot replace the TC filter of \(port.name)")
        }
    }

    static func detach(_ interface: NetworkInterface, _ point: bpf_tc_attach_point) throws(KernelError) {
        var hook = hook(interface.index, point)
        var options = options
        let result = ThreadPrivileges.inForce { unsafe bpf_tc_detach(&hook, &options) }
        let isGone = result == -ENODEV || result == -ENOENT || result == -EINVAL
        guard result == 0 || isGone else {
            throw KernelError(errno: result, "cannot remove the TC filter of \(interface.name)")
        }
    }

    static func removeQdisc(of interface: NetworkInterface) throws(KernelError) {
        guard try !TCFilters.exist(interfaceIndex: interface.index) else { return }
        var hook = hook(interface.index, bpf_tc_attach_point(BPF_TC_INGRESS.rawValue | BPF_TC_EGRESS.rawValue))
        let result = ThreadPrivileges.inForce { unsafe bpf_tc_hook_destroy(&hook) }
        guard result == 0 || result == -ENODEV || result == -ENOENT || result == -EINVAL else {
            throw KernelError(errno: result, "cannot remove the clsact qdisc of \(interface.name)")
        }
    }

    /// The program of our filter, or nil where there is none.
    static func programID(interfaceIndex: UInt32, _ point: bpf_tc_attach_point) -> UInt32? {
        var hook = hook(interfaceIndex, point)
        var options = options
        return unsafe bpf_tc_query(&hook, &options) == 0 ? options.prog_id : nil
    }

    private static func hook(_ index: UInt32, _ point: bpf_tc_attach_point) -> bpf_tc_hook {
        var hook = bpf_tc_hook()
        hook.sz = MemoryLayout<bpf_tc_hook>.size(through: \.parent)
        hook.ifindex = CInt(index)
        hook.attach_point = point
        return hook
    }

    private static var options: bpf_tc_opts {
        var options = bpf_tc_opts()
        options.sz = MemoryLayout<bpf_tc_opts>.size(through: \.priority)
        options.handle = handle
        options.priority = priority
        return options
    }
}
