// SPDX-License-Identifier: Apache-2.0

import CHost
import CLibbpf
import CWeirABI
import Synchronization

/// A TC program as libbpf loaded it for one port: what is needed to load it for another without reading the object again.
///
/// Opening an object, its BTF and the kernel's costs more than 10 ms a program; the verifier, which nobody is spared,
/// about 20. Safe to use from several threads at a time.
final class ProgramImage: @unchecked Sendable {
    private let kind: ProgramKind
    private let isJudged: Bool
    /// Its maps and its BTF are what the instructions name, by descriptor. Never looked at again, only kept.
    private let object: BPFObject
    /// One `struct bpf_insn` a word, as little-endian hosts have it: code, registers, offset, immediate.
    private let instructions: [UInt64]
    /// Places in `instructions` that name the map of the port's configuration, and those of its totals, fragments and connections.
    private let configured: [Int]
    private let counted: [Int]
    private let fragmented: [Int]
    private let connected: [Int]
    private let functions: [UInt8]
    private let functionSize: UInt32
    private let btf: CInt

    /// Takes what this thread has loaded last, from that object; nil where it was nothing that can be copied.
    init?(ofLastLoaded object: consuming BPFObject, _ kind: ProgramKind, isJudged: Bool) {
        guard let image = unsafe weir_program_image()?.pointee, kind.isTC,
            let configuration = object.descriptor(ofMap: ProgramConfiguration.section),
            let counts = object.descriptor(ofMap: WEIR_MAP_TOTALS)
        else { return nil }
        let count = Int(unsafe image.instruction_count)
        instructions = unsafe image.instructions.withMemoryRebound(to: UInt64.self, capacity: count) { words in
            unsafe Array(UnsafeBufferPointer(start: words, count: count))
        }
        configured = instructions.indices.filter { [instructions] in instructions[$0].names(map: configuration) }
        counted = instructions.indices.filter { [instructions] in instructions[$0].names(map: counts) }
        let fragments = object.descriptor(ofMap: WEIR_MAP_FRAGMENTS)
        fragmented = instructions.indices.filter { [instructions] place in
            fragments.map { instructions[place].names(map: $0) } ?? false
        }
        let connections = object.descriptor(ofMap: WEIR_MAP_CONNECTIONS)
        connected = instructions.indices.filter { [instructions] place in
            connections.map { instructions[place].names(map: $0) } ?? false
        }
        functionSize = unsafe image.function_size
        functions = unsafe Array(
            UnsafeRawBufferPointer(start: image.functions, count: Int(image.function_size * image.function_count)))
        btf = unsafe image.btf
        self.kind = kind
        self.isJudged = isJudged
        self.object = object
    }

    /// Loads it with another configuration, to count into the port's maps. The verifier takes some 20 ms.
    func load(_ configuration: weir_port_config, _ own: borrowing PortMaps) throws(KernelError) -> Program {
        let map = try ProgramConfiguration.makeMap(configuration, for: kind)
        var instructions = instructions
        for place in configured { instructions[place].setImmediate(map.descriptor.raw) }
        for place in counted { instructions[place].setImmediate(own.counts.raw) }
        for place in fragmented { instructions[place].setImmediate(own.fragments.raw) }
        for place in connected { instructions[place].setImmediate(own.connections.raw) }
        return Program(loaded: try load(instructions), kind: kind, isJudged: isJudged)
    }

    private func load(_ instructions: [UInt64]) throws(KernelError) -> BPFProgram {
        let raw = unsafe instructions.withUnsafeBufferPointer { words in
            unsafe words.withMemoryRebound(to: bpf_insn.self) { instructions in
                unsafe functions.withUnsafeBytes { functions in unsafe load(instructions, functions) }
            }
        }
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot load the program \(kind.name)") }
        return BPFProgram(adopting: Descriptor(owning: raw), name: kind.name, type: .tc)
    }

    private func load(
        _ instructions: UnsafeBufferPointer<bpf_insn>, _ functions: UnsafeRawBufferPointer
    ) -> CInt {
        var options = unsafe bpf_prog_load_opts()
        unsafe options.sz = unsafe MemoryLayout<bpf_prog_load_opts>.size
        unsafe options.prog_btf_fd = UInt32(btf)
        unsafe options.func_info = functions.baseAddress
        unsafe options.func_info_rec_size = functionSize
        unsafe options.func_info_cnt = UInt32(functions.count) / functionSize
        return ThreadPrivileges.inForce {
            unsafe bpf_prog_load(
                BPF_PROG_TYPE_SCHED_CLS, kind.name, "GPL", instructions.baseAddress, instructions.count, &options)
        }
    }
}

/// The maps that a program has of its port alone.
struct PortMaps: ~Copyable, Sendable {
    let counts: Descriptor
    let fragments: Descriptor
    /// Those of a port without a policy: its counts once more, which no instruction names.
    let connections: Descriptor
}

/// The map of one value that holds what is fixed in a port's copy of a program: its read-only data.
enum ProgramConfiguration {
    /// What the object calls it.
    static let section = ".rodata.weir"

    /// Makes the map for a port: frozen, so that the verifier takes its value for constants.
    static func makeMap(_ configuration: weir_port_config, for kind: ProgramKind) throws(KernelError) -> BPFMap {
        let map = try BPFMap.create(
            MapLayout(
                name: "weir_config", type: BPF_MAP_TYPE_ARRAY, keySize: 4,
                valueSize: MemoryLayout<weir_port_config>.size, maxEntries: 1, flags: UInt32(BPF_F_RDONLY_PROG)))
        try map.set(configuration, of: UInt32(0))
        // Kernels such as 6.1 ask for CAP_BPF here, too; 6.18 does not.
        let result = ThreadPrivileges.inForce { bpf_map_freeze(map.descriptor.raw) }
        guard result == 0 else { throw KernelError(errno: result, "cannot configure the program \(kind.name)") }
        return map
    }
}

extension UInt64 {
    /// Whether this instruction loads that map, or an address in its value (linux/bpf.h: BPF_LD | BPF_IMM | BPF_DW with
    /// BPF_PSEUDO_MAP_FD or BPF_PSEUDO_MAP_VALUE as its source register).
    fileprivate func names(map descriptor: CInt) -> Bool {
        let source = self >> 12 & 0xf
        return self & 0xff == 0x18 && (source == 1 || source == 2) && self >> 32 == UInt64(descriptor)
    }

    fileprivate mutating func setImmediate(_ value: CInt) { self = self & 0xffff_ffff | UInt64(value) << 32 }
}
