// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import FlowModel
import Glibc

/// A program on an XDP hook, and how it runs there.
struct XDPAttachment: ~Copyable {
    let link: Link
    let mode: XDPMode
}

/// The XDP hook of an interface.
enum XDPHook {
    /// Attaches by a link, where `refuseForeign` found nobody, in the mode asked for, or natively where the driver can and generically elsewhere.
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

    /// Throws where a program that is not ours is on the interface, naming it.
    static func refuseForeign(on interface: NetworkInterface) throws(KernelError) {
        guard let id = try programID(on: interface) else { return }
        throw KernelError(
            .busy, "cannot attach XDP to \(interface.name)",
            cause: "the XDP program \(programName(id)) (id \(id)) is already there",
            remedy: "take it away first (ip link set dev \(interface.name) xdp off), or use --hook tc")
    }

    /// The id of the XDP program on the interface, whatever its mode, or nil.
    static func programID(on interface: NetworkInterface) throws(KernelError) -> UInt32? {
        var query = bpf_xdp_query_opts()
        query.sz = MemoryLayout<bpf_xdp_query_opts>.size(through: \.attach_mode)
        let result = unsafe bpf_xdp_query(CInt(interface.index), 0, &query)
        guard result == 0 else { throw KernelError(errno: result, "cannot look at the XDP hook of \(interface.name)") }
        return [query.prog_id, query.drv_prog_id, query.skb_prog_id, query.hw_prog_id].first { $0 != 0 }
    }

    private static func programName(_ id: UInt32) -> String {
        let raw = bpf_prog_get_fd_by_id(id)
        guard raw >= 0 else { return "of unknown name" }
        let descriptor = Descriptor(owning: raw)
        var information = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        guard unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length) == 0 else {
            return "of unknown name"
        }
        return unsafe withUnsafeBytes(of: information.name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension XDPMode {
    /// linux/if_link.h
    fileprivate var flag: UInt32 {
        switch self {
        case .native: 1 << 2  // XDP_FLAGS_DRV_MODE
        case .generic: 1 << 1  // XDP_FLAGS_SKB_MODE
        }
    }
}
