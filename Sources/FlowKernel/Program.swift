// SPDX-License-Identifier: Apache-2.0

import CHost
import CLibbpf
import CWeirABI
import FlowModel
import Glibc

/// One of the compiled programs.
package enum ProgramKind: Sendable, CaseIterable {
    case tcFromPort
    case tcToPort
    case xdpFromPort

    package var name: String {
        switch self {
        case .tcFromPort: WEIR_PROGRAM_TC_FROM_PORT
        case .tcToPort: WEIR_PROGRAM_TC_TO_PORT
        case .xdpFromPort: WEIR_PROGRAM_XDP_FROM_PORT
        }
    }

    /// The first kernel with every helper that the program calls: `bpf_ktime_get_coarse_ns`, `bpf_xdp_get_buff_len`.
    package var firstKernel: KernelVersion {
        switch self {
        case .tcFromPort, .tcToPort: KernelVersion(5, 11)
        case .xdpFromPort: KernelVersion(5, 18)
        }
    }

    fileprivate var object: [UInt8] {
        switch self {
        case .tcFromPort: EmbeddedObjects.tcFromPort
        case .tcToPort: EmbeddedObjects.tcToPort
        case .xdpFromPort: EmbeddedObjects.xdpFromPort
        }
    }
}

/// Owns a program that is loaded for one port: a copy with the port's number and role baked in.
package struct Program: ~Copyable {
    let descriptor: Descriptor
    package let kind: ProgramKind
    /// What the kernel said about its size.
    package let size: ProgramSize

    /// Loads the program on the shared maps. The verifier takes some milliseconds.
    static func load(
        _ kind: ProgramKind, port: PortNumber, role: PortRole, maps: borrowing FlowMaps
    ) throws(KernelError) -> Program {
        weir_keep_libbpf_log()
        let object = try BPFObject(kind)
        try object.configure(weir_port_config(port: port.rawValue, role: role.rawValue, zero: (0, 0, 0, 0, 0)))
        try object.share(maps)
        try object.load()
        return try object.takeProgram()
    }
}

/// How big a program is.
package struct ProgramSize: Equatable, Sendable {
    /// Instructions after the verifier's rewriting.
    package let instructions: Int
    /// Instructions that the verifier walked; 0 where the kernel does not say (before 5.16).
    package let verified: Int
}

/// Owns libbpf's view of an object file while a program of it is loaded.
@safe private struct BPFObject: ~Copyable {
    private let object: OpaquePointer
    private let kind: ProgramKind

    init(_ kind: ProgramKind) throws(KernelError) {
        self.kind = kind
        var options = unsafe bpf_object_open_opts()
        unsafe options.sz = unsafe MemoryLayout<bpf_object_open_opts>.size(through: \.kernel_log_level)
        let bytes = kind.object
        let opened = unsafe bytes.withUnsafeBytes { buffer in
            unsafe bpf_object__open_mem(buffer.baseAddress, buffer.count, &options)
        }
        guard let object = unsafe opened else {
            throw KernelError(errno: errno, "cannot read the program \(kind.name)")
        }
        unsafe self.object = unsafe object
    }

    deinit { unsafe bpf_object__close(object) }

    /// Writes the port's configuration into the read-only data of this copy.
    func configure(_ configuration: weir_port_config) throws(KernelError) {
        var configuration = configuration
        let map = unsafe bpf_object__find_map_by_name(object, ".rodata.weir")
        let result = unsafe bpf_map__set_initial_value(map, &configuration, MemoryLayout<weir_port_config>.size)
        guard result == 0 else { throw KernelError(errno: result, "cannot configure the program \(kind.name)") }
    }

    /// Makes the object use the maps that exist instead of making its own.
    func share(_ maps: borrowing FlowMaps) throws(KernelError) {
        try reuse(maps.control)
        try reuse(maps.flows.even)
        try reuse(maps.flows.odd)
        try reuse(maps.totals.even)
        try reuse(maps.totals.odd)
        try reuse(maps.fragments)
    }

    private func reuse(_ shared: borrowing BPFMap) throws(KernelError) {
        let map = unsafe bpf_object__find_map_by_name(object, shared.name)
        let result = unsafe bpf_map__reuse_fd(map, shared.descriptor.raw)
        guard result == 0 else {
            throw KernelError(errno: result, "cannot give the map \(shared.name) to the program \(kind.name)")
        }
    }

    func load() throws(KernelError) {
        let result = unsafe bpf_object__load(object)
        guard result == 0 else { throw Self.loadError(result, kind) }
    }

    private static func loadError(_ result: CInt, _ kind: ProgramKind) -> KernelError {
        let log = unsafe String(cString: weir_take_libbpf_log())
        if let running = KernelVersion.running, let tooOld = KernelError(tooOld: running, for: kind) { return tooOld }
        let error = KernelError(errno: result, "cannot load the program \(kind.name)")
        guard error.code != .notPermitted, let line = Verifier.summary(of: log) else { return error }
        return KernelError(error.code, error.failure, cause: "\(error.cause) (the kernel says: \(line))")
    }

    /// A reference of its own to the loaded program; the object can go.
    func takeProgram() throws(KernelError) -> Program {
        let program = unsafe bpf_object__find_program_by_name(object, kind.name)
        let raw = fcntl(unsafe bpf_program__fd(program), F_DUPFD_CLOEXEC, 0)
        guard raw >= 0 else { throw KernelError(errno: errno, "cannot keep the program \(kind.name)") }
        var information = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        _ = unsafe bpf_obj_get_info_by_fd(raw, &information, &length)
        let size = ProgramSize(
            instructions: Int(information.xlated_prog_len) / MemoryLayout<bpf_insn>.size,
            verified: Int(information.verified_insns))
        return Program(descriptor: Descriptor(owning: raw), kind: kind, size: size)
    }
}

extension KernelError {
    /// The refusal of a program by a kernel that lacks a helper which it calls; nil where the kernel has them all.
    package init?(tooOld running: KernelVersion, for kind: ProgramKind) {
        guard running < kind.firstKernel else { return nil }
        let isXDP = kind == .xdpFromPort
        self.init(
            .unsupported, "cannot load the program \(kind.name)",
            cause:
                "this kernel is too old: it is \(running), \(isXDP ? "the XDP hook" : "Weir") needs \(kind.firstKernel)",
            remedy: isXDP ? "use --hook tc, or a newer kernel" : "use a newer kernel")
    }
}

/// Reads the verifier's log.
enum Verifier {
    /// The line that says what is wrong: the last one before the statistics.
    static func summary(of log: String) -> String? {
        log.split(separator: "\n").last { line in
            !line.hasPrefix("processed") && !line.hasPrefix("libbpf:") && !line.hasPrefix("--") && !line.isEmpty
        }.map { String($0.prefix(200)) }
    }
}
