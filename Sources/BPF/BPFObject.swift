// SPDX-License-Identifier: Apache-2.0

import CBPF
import CLibbpf
import Glibc
package import Host

/// Owns libbpf's view of an object file: opened, then configured, then loaded; programs and maps are taken out of it.
///
/// What was taken lives on when the object goes.
@safe package struct BPFObject: ~Copyable {
    package let object: OpaquePointer
    /// The same, for libxdp; it ends with the object.
    package var pointer: OpaquePointer { unsafe object }
    /// What errors call it.
    package let name: String

    /// Reads an object out of memory; libbpf copies what it needs.
    ///
    /// - Parameter objectName: by which libbpf names the maps of its variables; nil: by where it lies in memory.
    package init(_ bytes: [UInt8], named name: String, objectName: String? = nil) throws(KernelError) {
        weir_keep_libbpf_log()
        let opened = unsafe bytes.withUnsafeBytes { buffer in
            unsafe Self.open(UnsafeRawBufferPointer(buffer), objectName)
        }
        guard let opened = unsafe opened else { throw KernelError(errno: errno, "cannot read the program \(name)") }
        unsafe object = unsafe opened
        self.name = name
    }

    private static func open(_ bytes: UnsafeRawBufferPointer, _ objectName: String?) -> OpaquePointer? {
        var options = unsafe openOptions
        guard let objectName else { return unsafe bpf_object__open_mem(bytes.baseAddress, bytes.count, &options) }
        return unsafe objectName.withCString { name in
            unsafe options.object_name = unsafe name
            return unsafe bpf_object__open_mem(bytes.baseAddress, bytes.count, &options)
        }
    }

    /// Reads an object file.
    package init(file path: String) throws(KernelError) {
        weir_keep_libbpf_log()
        var options = unsafe Self.openOptions
        guard let opened = unsafe bpf_object__open_file(path, &options) else {
            let code = errno
            guard code == ENOEXEC || code == LIBBPF_ERRNO__FORMAT.rawValue || code == EINVAL else {
                throw KernelError(errno: code, "cannot open \(path)")
            }
            throw KernelError(
                .invalid, "cannot read \(path)", cause: "it is not a BPF object file",
                remedy: "name one made by clang -target bpf")
        }
        unsafe object = unsafe opened
        name = path
    }

    private static var openOptions: bpf_object_open_opts {
        var options = unsafe bpf_object_open_opts()
        unsafe options.sz = unsafe MemoryLayout<bpf_object_open_opts>.size(through: \.kernel_log_level)
        return unsafe options
    }

    deinit { unsafe bpf_object__close(object) }
}

// Before it is loaded.
extension BPFObject {
    /// Writes the whole value of a data section, such as `.rodata.weir`.
    package func setInitialValue<Value: BitwiseCopyable>(_ value: Value, of section: String) throws(KernelError) {
        var value = value
        let map = unsafe bpf_object__find_map_by_name(object, section)
        let result = unsafe bpf_map__set_initial_value(map, &value, MemoryLayout<Value>.size)
        guard result == 0 else { throw KernelError(errno: result, "cannot configure the program \(name)") }
    }

    /// Sets how many entries a map of the object's own gets.
    package func setMaxEntries(_ count: Int, ofMap mapName: String) throws(KernelError) {
        let map = unsafe bpf_object__find_map_by_name(object, mapName)
        let result = unsafe bpf_map__set_max_entries(map, UInt32(count))
        guard result == 0 else { throw KernelError(errno: result, "cannot size the map \(mapName) of \(name)") }
    }

    /// Makes the object use a map that exists in place of its own of that name.
    ///
    /// - Parameter name: what the object calls it, where that is not the map's own name.
    package func reuse(_ shared: borrowing BPFMap, as name: String? = nil) throws(KernelError) {
        guard let map = unsafe bpf_object__find_map_by_name(object, name ?? shared.name) else {
            preconditionFailure("the program \(self.name) has no map \(name ?? shared.name)")
        }
        let result = unsafe bpf_map__reuse_fd(map, shared.descriptor.raw)
        guard result == 0 else {
            throw KernelError(errno: result, "cannot give the map \(shared.name) to the program \(self.name)")
        }
    }

    /// Makes the program an extension: it replaces that function of another program (BPF_PROG_TYPE_EXT).
    package func prepare(
        _ program: String, toReplace function: String, of replaced: borrowing BPFProgram
    ) throws(KernelError) {
        let found = unsafe bpf_object__find_program_by_name(object, program)
        _ = unsafe bpf_program__set_expected_attach_type(found, bpf_attach_type(0))
        let typed = unsafe bpf_program__set_type(found, BPF_PROG_TYPE_EXT)
        let result = unsafe bpf_program__set_attach_target(found, replaced.descriptor.raw, function)
        guard result == 0, typed == 0 else {
            throw KernelError(errno: min(result, typed), "cannot configure the program \(name)")
        }
    }

    /// Of all its programs, loads only the one in that section.
    package func keepOnly(section: String) throws(KernelError) {
        guard try sections().contains(section) else { throw noProgram("in the section \(section)") }
        try unsafe forEachProgram { program throws(KernelError) in
            let isKept = unsafe Self.section(of: program) == section
            let result = unsafe bpf_program__set_autoload(program, isKept)
            guard result == 0 else { throw KernelError(errno: result, "cannot choose the program \(section)") }
        }
    }

    /// The same with the program of that name.
    package func keepOnly(program name: String) throws(KernelError) {
        try unsafe forEachProgram { program throws(KernelError) in
            let isKept = unsafe String(cString: bpf_program__name(program)) == name
            let result = unsafe bpf_program__set_autoload(program, isKept)
            guard result == 0 else { throw KernelError(errno: result, "cannot choose the program \(name)") }
        }
    }

    /// The sections that its programs are in.
    package func sections() throws(KernelError) -> [String] {
        var sections: [String] = []
        try unsafe forEachProgram { program throws(KernelError) in unsafe sections.append(Self.section(of: program)) }
        return sections
    }
}

extension BPFObject {
    /// Makes its maps and loads its programs. The verifier takes some milliseconds.
    package func load() throws(KernelError) {
        _ = unsafe weir_take_libbpf_log()
        let result = ThreadPrivileges.inForce { unsafe bpf_object__load(object) }
        guard result != 0 else { return }
        let log = unsafe String(cString: weir_take_libbpf_log())
        let error = KernelError(errno: result, "cannot load the program \(name)")
        guard error.code != .notPermitted, let reason = Verifier.reason(in: log) else { throw error }
        throw KernelError(error.code, error.failure, cause: "\(error.cause) (\(reason))")
    }

    /// A reference of its own to a loaded program.
    package func program(named program: String) throws(KernelError) -> BPFProgram {
        guard let found = unsafe bpf_object__find_program_by_name(object, program) else {
            throw noProgram("called \(program)")
        }
        return try unsafe BPFProgram(found)
    }

    /// A reference of its own to a loaded program, which the object lets go of.
    package func takeProgram(named program: String) throws(KernelError) -> BPFProgram {
        guard let found = unsafe bpf_object__find_program_by_name(object, program) else {
            throw noProgram("called \(program)")
        }
        let taken = try unsafe BPFProgram(found)
        unsafe bpf_program__unload(found)
        return taken
    }

    package func program(inSection section: String) throws(KernelError) -> BPFProgram {
        var found: OpaquePointer?
        try unsafe forEachProgram { program throws(KernelError) in
            if unsafe Self.section(of: program) == section { unsafe found = unsafe program }
        }
        guard let found = unsafe found else { throw noProgram("in the section \(section)") }
        return try unsafe BPFProgram(found)
    }

    /// A reference of its own to a map of the loaded object.
    package func map(named mapName: String) throws(KernelError) -> BPFMap {
        let map = unsafe bpf_object__find_map_by_name(object, mapName)
        let raw = fcntl(unsafe bpf_map__fd(map), F_DUPFD_CLOEXEC, 0)
        guard raw >= 0 else { throw KernelError(errno: errno, "cannot keep the map \(mapName) of \(name)") }
        return try BPFMap(adopting: Descriptor(owning: raw), name: mapName)
    }

    /// The object's own descriptor of one of its maps; it ends with the object.
    package func descriptor(ofMap mapName: String) -> CInt? {
        let raw = unsafe bpf_map__fd(bpf_object__find_map_by_name(object, mapName))
        return raw < 0 ? nil : raw
    }

    func noProgram(_ place: String) -> KernelError {
        let names = ((try? sections()) ?? []).joined(separator: ", ")
        return KernelError(
            .notFound, "cannot use \(name)", cause: "it has no program \(place)",
            remedy: "its programs are in the sections \(names)")
    }

    func forEachProgram(_ body: (OpaquePointer) throws(KernelError) -> Void) throws(KernelError) {
        var program = unsafe bpf_object__next_program(object, nil)
        while let current = unsafe program {
            try unsafe body(current)
            unsafe program = unsafe bpf_object__next_program(object, current)
        }
    }

    package static func section(of program: OpaquePointer) -> String {
        unsafe String(cString: bpf_program__section_name(program))
    }
}

/// Reads the verifier's log.
enum Verifier {
    /// The part that refused the object, and why: the verifier, or libbpf before it.
    package static func reason(in log: String) -> String? {
        if let line = summary(of: log) { return "the kernel says: \(line)" }
        let prefix = "libbpf: "
        return log.split(separator: "\n").first { $0.hasPrefix(prefix) }
            .map { "libbpf says: \($0.dropFirst(prefix.count).prefix(200))" }
    }

    /// The line that says what is wrong: the last one before the statistics.
    package static func summary(of log: String) -> String? {
        log.split(separator: "\n").last { line in
            !line.hasPrefix("processed") && !line.hasPrefix("libbpf:") && !line.hasPrefix("--") && !line.isEmpty
        }.map { String($0.prefix(200)) }
    }
}
