// SPDX-License-Identifier: Apache-2.0

import BPF
import CBPF
import CLibbpf
import CLibxdp
import CWeirABI
import FlowModel
import Host

/// Owns libxdp's view of a program that a dispatcher calls, or shall.
@safe struct LibxdpProgram: ~Copyable {
    private let program: OpaquePointer
    /// What libxdp loads it from; nil for one that is loaded.
    private let object: BPFObject?

    /// A new entry. It is loaded when it is attached, since that depends on its place.
    init(_ object: consuming BPFObject) throws(KernelError) {
        weir_keep_libxdp_log()
        let opened = unsafe xdp_program__from_bpf_obj(object.pointer, "xdp.frags")
        unsafe program = try unsafe Self.checked(opened, "cannot read the program \(WEIR_PROGRAM_XDP_ENTRY)")
        self.object = consume object
    }

    /// A program that is loaded already.
    init(id: UInt32) throws(KernelError) {
        weir_keep_libxdp_log()
        let opened = unsafe ThreadPrivileges.inForce { unsafe xdp_program__from_id(id) }
        unsafe program = try unsafe Self.checked(opened, "cannot look at the program with id \(id)")
        object = nil
    }

    deinit { unsafe xdp_program__close(program) }

    /// libxdp says errors by pointers.
    private static func checked(_ opened: OpaquePointer?, _ failure: String) throws(KernelError) -> OpaquePointer {
        let error = unsafe libxdp_get_error(UnsafeRawPointer(opened))
        guard let opened = unsafe opened, error == 0 else { throw KernelError(errno: CInt(error), failure) }
        return unsafe opened
    }
}

extension LibxdpProgram {
    /// Puts a dispatcher on the interface that calls this one too, in the place of the one that is there: every frame meets
    /// the one or the other.
    func attach(to interface: NetworkInterface, mode: XDPMode) throws(KernelError) {
        let result = call { unsafe xdp_program__attach(program, CInt(interface.index), mode.ofLibxdp, 0) }
        guard result != 0 else { return }
        throw Self.error(result, "cannot attach to \(interface.name) by libxdp's dispatcher")
    }

    /// The same, with one that does not call this one; where none is called any more, none is left.
    func detach(from interface: NetworkInterface, mode: XDPMode) throws(KernelError) {
        let result = call { unsafe xdp_program__detach(program, CInt(interface.index), mode.ofLibxdp, 0) }
        guard result != 0 else { return }
        throw Self.error(result, "cannot detach from libxdp's dispatcher on \(interface.name)")
    }

    private func call(_ body: () -> CInt) -> CInt {
        _ = unsafe weir_take_libbpf_log()
        return ThreadPrivileges.inForce(body)
    }

    private static func error(_ result: CInt, _ failure: String) -> KernelError {
        let log = unsafe String(cString: weir_take_libbpf_log())
        let error = KernelError(errno: result, failure)
        guard let word = lastWord(of: log) else { return error }
        return KernelError(error.code, failure, cause: "\(error.cause) (libxdp says: \(word))", remedy: error.remedy)
    }

    /// libxdp's last warning.
    private static func lastWord(of log: String) -> String? {
        let mark = "libxdp: "
        guard let line = log.split(separator: "\n").last(where: { $0.hasPrefix(mark) }) else { return nil }
        return String(line.dropFirst(mark.count).prefix(200))
    }
}

extension XDPMode {
    fileprivate var ofLibxdp: xdp_attach_mode {
        switch self {
        case .native: XDP_MODE_NATIVE
        case .generic: XDP_MODE_SKB
        }
    }
}
