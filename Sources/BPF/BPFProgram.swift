// SPDX-License-Identifier: Apache-2.0

package import CLibbpf
import Glibc
package import Host

/// Owns a reference to a loaded program, Weir's or another's.
package struct BPFProgram: ~Copyable {
    package let descriptor: Descriptor
    package let name: String
    package let type: BPFProgramType
    /// What the kernel said about its size.
    package let size: ProgramSize

    /// Takes a reference of its own to what libbpf has loaded.
    package init(_ program: OpaquePointer) throws(KernelError) {
        let name = unsafe String(cString: bpf_program__name(program))
        let raw = fcntl(unsafe bpf_program__fd(program), F_DUPFD_CLOEXEC, 0)
        guard raw >= 0 else { throw KernelError(errno: errno, "cannot keep the program \(name)") }
        descriptor = Descriptor(owning: raw)
        self.name = name
        let section = unsafe String(cString: bpf_program__section_name(program))
        let hasFrags = unsafe bpf_program__flags(program) & BPFProgramType.fragsFlag != 0
        type = unsafe BPFProgramType(bpf_program__type(program), section: hasFrags ? "xdp.frags" : section)
        size = ProgramSize(of: raw)
    }

    /// Takes over a reference.
    package init(adopting descriptor: consuming Descriptor, name: String, type: BPFProgramType) {
        size = ProgramSize(of: descriptor.raw)
        self.descriptor = descriptor
        self.name = name
        self.type = type
    }
}

extension BPFProgram {
    /// A reference of its own to a loaded program. Takes CAP_SYS_ADMIN.
    package static func open(id: UInt32) throws(KernelError) -> BPFProgram {
        let raw = ThreadPrivileges.inForce { bpf_prog_get_fd_by_id(id) }
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot look at the program with id \(id)") }
        return try named(Descriptor(owning: raw), "with id \(id)")
    }

    package static func open(pinnedAt path: String) throws(KernelError) -> BPFProgram {
        let raw = unsafe bpf_obj_get(path)
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot open the pinned program \(path)") }
        return try named(Descriptor(owning: raw), "pinned at \(path)")
    }

    /// Takes over a reference to a loaded program.
    ///
    /// - Parameter which: for the error.
    private static func named(
        _ descriptor: consuming Descriptor, _ which: String
    ) throws(KernelError) -> BPFProgram {
        var information = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        let result = unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length)
        guard result == 0 else { throw KernelError(errno: result, "cannot look at the program \(which)") }
        let name = unsafe withUnsafeBytes(of: information.name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return BPFProgram(
            adopting: descriptor, name: name,
            type: BPFProgramType(bpf_prog_type(information.type), section: ""))
    }

    /// bpf(BPF_OBJ_PIN).
    package func pin(at path: String) throws(KernelError) {
        let result = unsafe bpf_obj_pin(descriptor.raw, path)
        guard result == 0 else { throw KernelError(errno: result, "cannot pin the program \(name) at \(path)") }
    }

    /// How often the kernel did not run a pinned program, since it was running on that CPU (5.12 and later).
    package static func misses(ofProgramPinnedAt path: String) throws(KernelError) -> UInt64 {
        let raw = unsafe bpf_obj_get(path)
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot open the pinned program \(path)") }
        return misses(of: Descriptor(owning: raw))
    }

    /// The same of this one.
    package var misses: UInt64 { Self.misses(of: descriptor) }

    private static func misses(of descriptor: borrowing Descriptor) -> UInt64 {
        var information = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        _ = unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length)
        return information.recursion_misses
    }

    /// The map of that name that the program uses, or nil. Takes CAP_SYS_ADMIN.
    package func map(named name: String) throws(KernelError) -> BPFMap? {
        for id in try mapIDs() {
            let map = try BPFMap.open(id: id)
            if map.name == name { return map }
        }
        return nil
    }

    /// By which the kernel knows it; nil where it does not say.
    package var id: UInt32? {
        var information = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        guard unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length) == 0 else { return nil }
        return information.id
    }

    /// The maps that it uses.
    package func mapIDs() throws(KernelError) -> [UInt32] {
        // The kernel's most is 64 (MAX_USED_MAPS).
        var ids = [UInt32](repeating: 0, count: 64)
        var information = bpf_prog_info()
        information.nr_map_ids = UInt32(ids.count)
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        let result = unsafe ids.withUnsafeMutableBufferPointer { buffer in
            information.map_ids = UInt64(UInt(bitPattern: buffer.baseAddress))
            return unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length)
        }
        guard result == 0 else { throw KernelError(errno: result, "cannot look at the maps of \(name)") }
        return Array(ids.prefix(Int(information.nr_map_ids)))
    }
}

/// What kind of hook a program is for; programs of one type can call one another.
package enum BPFProgramType: String, Hashable, Sendable, CaseIterable {
    case tc = "tc"
    /// Takes only frames of one part.
    case xdp = "xdp"
    /// Takes frames of several parts.
    case xdpFrags = "xdp.frags"
    case other = "other"

    /// libbpf loads what is in a section of frags with BPF_F_XDP_HAS_FRAGS, and does not say so otherwise.
    package init(_ type: bpf_prog_type, section: String) {
        switch type {
        case BPF_PROG_TYPE_SCHED_CLS: self = .tc
        case BPF_PROG_TYPE_XDP: self = section.hasPrefix("xdp.frags") ? .xdpFrags : .xdp
        default: self = .other
        }
    }
}

/// How big a program is.
package struct ProgramSize: Equatable, Sendable {
    /// Instructions after the verifier's rewriting.
    package let instructions: Int
    /// Instructions that the verifier walked; 0 where the kernel does not say (before 5.16).
    package let verified: Int

    fileprivate init(of raw: CInt) {
        var information = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        _ = unsafe bpf_obj_get_info_by_fd(raw, &information, &length)
        instructions = Int(information.xlated_prog_len) / MemoryLayout<bpf_insn>.size
        verified = Int(information.verified_insns)
    }
}

extension BPFMap {
    /// Sets what a tail call into this BPF_MAP_TYPE_PROG_ARRAY runs.
    ///
    /// All programs of an array, and those that call into it, must be of one type.
    package func setProgram(_ program: borrowing BPFProgram, at index: UInt32) throws(KernelError) {
        var index = index
        var value = program.descriptor.raw
        let result = unsafe bpf_map_update_elem(descriptor.raw, &index, &value, UInt64(BPF_ANY))
        guard result == 0 else { throw KernelError(errno: result, "cannot call the program \(program.name)") }
    }
}
