// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import FlowModel
import Glibc
import Host

/// A program on an XDP hook, and how it runs there.
struct XDPAttachment: ~Copyable {
    let link: Link
    let mode: XDPMode
}

/// The XDP hook of an interface.
enum XDPHook {
    /// Attaches by a link, where `refuseForeign` found no other program, in the mode asked for, or natively where the driver can and
    /// generically elsewhere.
    static func attach(
        _ program: borrowing Program, to interface: NetworkInterface, mode: XDPMode?
    ) throws(KernelError) -> XDPAttachment {
        let modes = mode.map { [$0] } ?? [.native, .generic]
        var refusal = EOPNOTSUPP
        for mode in modes {
            switch Link.create(program.loaded, on: interface, type: BPF_XDP, flags: mode.flag) {
            case .created(let link): return XDPAttachment(link: link, mode: mode)
            case .refused(let errno): refusal = errno
            }
        }
        throw attachError(refusal, interface, modes.last ?? .generic)
    }

    private static func attachError(_ errno: CInt, _ interface: NetworkInterface, _ mode: XDPMode) -> KernelError {
        let failure = "cannot attach XDP to \(interface.name) in \(mode.name) mode"
        guard errno == EOPNOTSUPP || errno == EINVAL else { return KernelError(errno: errno, failure) }
        return KernelError(
            .unsupported, failure, cause: "its driver does not allow it",
            remedy: mode == .native ? "use --xdp-mode generic, or --hook tc" : "use --hook tc")
    }

    /// Throws what attaching in that mode would refuse: where a program is on the interface, naming it, unless it is a
    /// dispatcher that can call one more.
    static func refuse(_ interface: NetworkInterface, mode: XDPMode?) throws(KernelError) {
        guard let occupant = try occupant(of: interface) else { return }
        guard DispatcherPins(of: interface, program: occupant.id) == nil else {
            return try XDPDispatcher.refuse(occupant, on: interface, mode: mode)
        }
        throw foreign(occupant, interface)
    }

    private static func foreign(_ occupant: XDPOccupant, _ interface: NetworkInterface) -> KernelError {
        let (failure, name) = ("cannot attach XDP to \(interface.name)", occupant.name)
        guard name != XDPDispatcher.programName else {
            return KernelError(
                .busy, failure,
                cause: "libxdp's dispatcher (id \(occupant.id)) is there, and what it calls is not pinned under "
                    + DispatcherPins.base,
                remedy: "name the bpffs where it is pinned (LIBXDP_BPFFS), or use --hook tc")
        }
        let sharing = Freplace.isAllowed ? "and load it with xdp-loader, so that both can be there" : "first"
        return KernelError(
            .busy, failure, cause: "the XDP program \(name) (id \(occupant.id)) is already there",
            remedy: "take it away \(sharing) (ip link set dev \(interface.name) xdp off), or use --hook tc")
    }

    /// The XDP program on the interface, Weir's or another's, or nil.
    static func occupant(of interface: NetworkInterface) throws(KernelError) -> XDPOccupant? {
        try XDPQuery.occupant(of: interface)
    }
}

// Programs that no link holds: by netlink, in the network namespace of this thread.
extension XDPHook {
    /// Attaches, where no program is.
    static func put(
        _ program: borrowing BPFProgram, on interface: NetworkInterface, mode: XDPMode
    ) throws(KernelError) {
        let (index, raw) = (CInt(interface.index), program.descriptor.raw)
        let result = ThreadPrivileges.inForce { bpf_xdp_attach(index, raw, mode.flag | onlyWhereNone, nil) }
        guard result == 0 else {
            throw KernelError(errno: result, "cannot put the XDP program \(program.name) on \(interface.name)")
        }
    }

    /// Takes that program away; does nothing where another is there by now, and returns false.
    static func take(
        _ program: borrowing BPFProgram, from interface: NetworkInterface, mode: XDPMode
    ) throws(KernelError) -> Bool {
        var options = bpf_xdp_attach_opts()
        options.sz = MemoryLayout<bpf_xdp_attach_opts>.size(through: \.old_prog_fd)
        options.old_prog_fd = program.descriptor.raw
        let index = CInt(interface.index)
        let result = ThreadPrivileges.inForce { unsafe bpf_xdp_detach(index, mode.flag, &options) }
        if result == -EEXIST || result == -EBUSY { return false }
        guard result == 0 else {
            throw KernelError(
                errno: result, "cannot take the XDP program \(program.name) away from \(interface.name)")
        }
        return true
    }

    /// linux/if_link.h: XDP_FLAGS_UPDATE_IF_NOEXIST.
    private static let onlyWhereNone: UInt32 = 1 << 0
}
