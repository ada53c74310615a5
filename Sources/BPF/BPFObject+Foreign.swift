// SPDX-License-Identifier: Apache-2.0

import CLibbpf
package import Host

// What is asked of an object that others have built, before it is loaded.
extension BPFObject {
    /// A map of the object.
    package struct MapFacts: Equatable, Sendable {
        package let name: String
        package let maxEntries: Int
        /// A hash table: its keys can be listed and deleted.
        package let isHash: Bool
        /// A hash table or an array: without a number of entries the kernel does not make it.
        package let needsSize: Bool
    }

    /// Loads one program only: the one of that name, or the only one in the section of that name.
    ///
    /// The others are neither verified nor resolved, whatever they are for.
    ///
    /// - Returns: the program's own name.
    package func keepOnly(_ nameOrSection: String) throws(KernelError) -> String {
        var inSection: [String] = []
        var isName = false
        try unsafe forEachProgram { program throws(KernelError) in
            let name = unsafe String(cString: bpf_program__name(program))
            if unsafe Self.section(of: program) == nameOrSection { inSection.append(name) }
            isName = isName || name == nameOrSection
        }
        guard inSection.count < 2 else {
            throw KernelError(
                .invalid, "cannot use \(name)",
                cause: "\(inSection.count) programs are in the section \(nameOrSection)",
                remedy: "name one of them: \(inSection.joined(separator: ", "))")
        }
        guard let chosen = inSection.first ?? (isName ? nameOrSection : nil) else {
            throw noProgram("in the section \(nameOrSection), nor one of that name")
        }
        try keepOnly(program: chosen)
        return chosen
    }

    /// Sets which hook the program is loaded for, in place of what libbpf makes of its section.
    ///
    /// - Parameter hook: nil: what its section says to libbpf, or else what it begins with.
    package func setHook(_ hook: BPFProgramType?, ofProgram program: String) throws(KernelError) {
        let found = unsafe bpf_object__find_program_by_name(object, program)
        let isTyped = unsafe bpf_program__type(found) != BPF_PROG_TYPE_UNSPEC
        guard let found = unsafe found, hook != nil || !isTyped else { return }
        let section = unsafe Self.section(of: found)
        guard let hook = hook ?? BPFProgramType(sectionPrefix: section), hook != .other else {
            throw KernelError(
                .invalid, "cannot use the program \(program) of \(name)",
                cause: "its section, \(section), does not say which hook it is for",
                remedy: "add hook=tc, hook=xdp or hook=xdp.frags")
        }
        // Programs of TCX and netkit are TC programs; what they are attached as does not matter to a run.
        _ = unsafe bpf_program__set_expected_attach_type(found, hook == .tc ? bpf_attach_type(0) : BPF_XDP)
        var result = unsafe bpf_program__set_type(
            found, hook == .tc ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP)
        if result == 0, hook == .xdpFrags { result = unsafe bpf_program__set_flags(found, BPFProgramType.fragsFlag) }
        guard result == 0 else { throw KernelError(errno: result, "cannot configure the program \(program)") }
    }

    /// Makes libbpf neither pin maps nor open pinned ones, whatever the object asks for.
    package func clearPins() throws(KernelError) {
        try unsafe forEachMap { map throws(KernelError) in
            let result = unsafe bpf_map__set_pin_path(map, nil)
            guard result == 0 else { throw KernelError(errno: result, "cannot configure the maps of \(name)") }
        }
    }

    /// Gives maps of descriptors, such as of perf events, the sizes of key and value that other loaders than libbpf imply.
    package func completeMaps() throws(KernelError) {
        try unsafe forEachMap { map throws(KernelError) in
            guard unsafe bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY, unsafe bpf_map__key_size(map) == 0 else {
                return
            }
            let results = unsafe [bpf_map__set_key_size(map, 4), bpf_map__set_value_size(map, 4)]
            guard results == [0, 0] else {
                throw KernelError(errno: results.min() ?? 0, "cannot configure the maps of \(name)")
            }
        }
    }

    /// Its maps, without those of its variables.
    package func maps() throws(KernelError) -> [MapFacts] {
        var maps: [MapFacts] = []
        try unsafe forEachMap { map throws(KernelError) in
            guard unsafe !bpf_map__is_internal(map) else { return }
            let type = unsafe bpf_map__type(map)
            maps.append(
                MapFacts(
                    name: unsafe String(cString: bpf_map__name(map)),
                    maxEntries: Int(unsafe bpf_map__max_entries(map)), isHash: Self.hashes.contains(type.rawValue),
                    needsSize: Self.hashes.union(Self.arrays).contains(type.rawValue)))
        }
        return maps
    }

    private static var hashes: Set<UInt32> {
        let types = [
            BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH,
        ]
        return Set(types.map(\.rawValue))
    }

    private static var arrays: Set<UInt32> {
        Set([BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_RINGBUF].map(\.rawValue))
    }

    private func forEachMap(_ body: (OpaquePointer) throws(KernelError) -> Void) throws(KernelError) {
        var map = unsafe bpf_object__next_map(object, nil)
        while let current = unsafe map {
            try unsafe body(current)
            unsafe map = unsafe bpf_object__next_map(object, current)
        }
    }
}

extension BPFProgramType {
    /// `BPF_F_XDP_HAS_FRAGS`, which is a shift that Swift does not import.
    static let fragsFlag: UInt32 = 1 << 5

    /// What a section that libbpf does not know is for, by the first word of its name.
    package init?(sectionPrefix section: String) {
        let word = section.prefix { $0.isLetter || $0.isNumber }
        switch word {
        case "tc", "tcx", "classifier", "netkit": self = .tc
        case "xdp": self = section.hasPrefix("xdp.frags") ? .xdpFrags : .xdp
        default: return nil
        }
    }
}
