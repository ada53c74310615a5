// SPDX-License-Identifier: Apache-2.0

package import CLibbpf
import Glibc
package import Host

/// Owns a reference to a BPF map.
///
/// Keys and values are passed as trivial values whose size must be the map's; a wrong size traps, since it is ours.
package struct BPFMap: ~Copyable {
    package let descriptor: Descriptor
    package let name: String
    package let keySize: Int
    package let valueSize: Int
    package let maxEntries: Int
    package let isPerCPU: Bool

    /// bpf(BPF_MAP_CREATE). The map lives as long as a descriptor, a pin or a program refers to it.
    package static func create(_ layout: MapLayout) throws(KernelError) -> BPFMap { try create(layout, inner: 0) }

    /// A map of maps that are laid out as that one.
    package static func create(_ layout: MapLayout, holding inner: borrowing BPFMap) throws(KernelError) -> BPFMap {
        try create(layout, inner: inner.descriptor.raw)
    }

    private static func create(_ layout: MapLayout, inner: CInt) throws(KernelError) -> BPFMap {
        var options = bpf_map_create_opts()
        options.sz = MemoryLayout<bpf_map_create_opts>.size
        options.map_flags = layout.flags
        options.inner_map_fd = UInt32(inner)
        let raw = ThreadPrivileges.inForce {
            unsafe bpf_map_create(
                layout.type, layout.name, UInt32(layout.keySize), UInt32(layout.valueSize), UInt32(layout.maxEntries),
                &options)
        }
        guard raw >= 0 else {
            throw KernelError(
                errno: raw, "cannot create the map \(layout.name) with room for \(layout.maxEntries) entries")
        }
        return BPFMap(Descriptor(owning: raw), name: layout.name, layout: layout)
    }

    /// bpf(BPF_OBJ_GET) of a pin. The kernel refuses writes through a map that was opened read-only.
    ///
    /// What is mapped is an exception: the kernel does not map what is open for reading only (bpf_map_mmap wants
    /// VM_SHARED, which do_mmap takes away). There the mapping is read-only, and can never be made writable.
    package static func open(
        pinnedAt path: String, layout: MapLayout, rights: Descriptor.Rights
    ) throws(KernelError) -> BPFMap {
        var options = bpf_obj_get_opts()
        options.sz = MemoryLayout<bpf_obj_get_opts>.size(through: \.file_flags)
        options.file_flags = rights == .readWrite || layout.isMappable ? 0 : UInt32(BPF_F_RDONLY)
        let raw = unsafe bpf_obj_get_opts(path, &options)
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot open the pinned map \(path)") }
        var layout = layout
        layout.maxEntries = try Self.maxEntries(of: raw, path: path)
        return BPFMap(Descriptor(owning: raw), name: layout.name, layout: layout)
    }

    /// Opens a pinned map of whatever layout: for tests that look into, or change, what programs count.
    package static func open(pinnedAt path: String) throws(KernelError) -> BPFMap {
        let raw = unsafe bpf_obj_get(path)
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot open the pinned map \(path)") }
        return try BPFMap(adopting: Descriptor(owning: raw), name: path)
    }

    /// By which the kernel knows it; nil where it does not say.
    package var id: UInt32? {
        var information = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.size)
        guard unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length) == 0 else { return nil }
        return information.id
    }

    /// Opens an existing map. Takes CAP_SYS_ADMIN.
    package static func open(id: UInt32) throws(KernelError) -> BPFMap {
        let raw = ThreadPrivileges.inForce { bpf_map_get_fd_by_id(id) }
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot look at the map with id \(id)") }
        let descriptor = Descriptor(owning: raw)
        var information = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.size)
        let result = unsafe bpf_obj_get_info_by_fd(raw, &information, &length)
        guard result == 0 else { throw KernelError(errno: result, "cannot look at the map with id \(id)") }
        let name = unsafe withUnsafeBytes(of: information.name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return try BPFMap(adopting: descriptor, name: name)
    }

    private init(_ descriptor: consuming Descriptor, name: String, layout: MapLayout) {
        self.descriptor = descriptor
        self.name = name
        keySize = layout.keySize
        valueSize = layout.valueSize
        maxEntries = layout.maxEntries
        isPerCPU = layout.isPerCPU
    }

    /// Takes over a reference to another process's map, laid out as the kernel says.
    package init(adopting descriptor: consuming Descriptor, name: String) throws(KernelError) {
        var information = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.size)
        let result = unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length)
        guard result == 0 else { throw KernelError(errno: result, "cannot look at the map \(name)") }
        let layout = MapLayout(
            name: name, type: bpf_map_type(information.type), keySize: Int(information.key_size),
            valueSize: Int(information.value_size), maxEntries: Int(information.max_entries))
        self.init(descriptor, name: name, layout: layout)
    }

    private static func maxEntries(of raw: CInt, path: String) throws(KernelError) -> Int {
        var information = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.size)
        let result = unsafe bpf_obj_get_info_by_fd(raw, &information, &length)
        guard result == 0 else { throw KernelError(errno: result, "cannot look at the pinned map \(path)") }
        return Int(information.max_entries)
    }

    /// bpf(BPF_OBJ_PIN).
    package func pin(at path: String) throws(KernelError) {
        let result = unsafe bpf_obj_pin(descriptor.raw, path)
        guard result == 0 else { throw KernelError(errno: result, "cannot pin the map \(name) at \(path)") }
    }

    /// Kernel memory of the map, in bytes, as its fdinfo says.
    package var memoryBytes: UInt64 {
        ProcFile.number(named: "memlock", in: "/proc/self/fdinfo/\(descriptor.raw)") ?? 0
    }
}

/// How a map is made.
package struct MapLayout {
    package var name: String
    package var type: bpf_map_type
    package var keySize: Int
    package var valueSize: Int
    package var maxEntries: Int
    package var flags: UInt32 = 0

    package init(
        name: String, type: bpf_map_type, keySize: Int, valueSize: Int, maxEntries: Int, flags: UInt32 = 0
    ) {
        self.name = name
        self.type = type
        self.keySize = keySize
        self.valueSize = valueSize
        self.maxEntries = maxEntries
        self.flags = flags
    }

    var isMappable: Bool { flags & UInt32(BPF_F_MMAPABLE) != 0 }
    package var isPerCPU: Bool { type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY }
}

extension BPFMap {
    /// The value of a key, or nil if there is none.
    package func value<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        of key: Key, initial: Value
    ) throws(KernelError) -> Value? {
        precondition(MemoryLayout<Key>.size == keySize && MemoryLayout<Value>.size == valueSize && !isPerCPU)
        var key = key
        var value = initial
        let result = unsafe bpf_map_lookup_elem(descriptor.raw, &key, &value)
        if result == -ENOENT { return nil }
        guard result == 0 else { throw KernelError(errno: result, "cannot read the map \(name)") }
        return value
    }

    /// Sets the value of a key (BPF_ANY).
    package func set<Key: BitwiseCopyable, Value: BitwiseCopyable>(_ value: Value, of key: Key) throws(KernelError) {
        precondition(MemoryLayout<Key>.size == keySize && MemoryLayout<Value>.size == valueSize && !isPerCPU)
        var key = key
        var value = value
        let result = unsafe bpf_map_update_elem(descriptor.raw, &key, &value, UInt64(BPF_ANY))
        guard result == 0 else { throw KernelError(errno: result, "cannot write the map \(name)") }
    }

    /// Removes a key; it need not be there.
    package func remove<Key: BitwiseCopyable>(_ key: Key) throws(KernelError) {
        precondition(MemoryLayout<Key>.size == keySize)
        var key = key
        let result = unsafe bpf_map_delete_elem(descriptor.raw, &key)
        guard result == 0 || result == -ENOENT else {
            throw KernelError(errno: result, "cannot delete from the map \(name)")
        }
    }

    /// Calls `body` with the bytes of every key and of its values: one, or one for each possible CPU. In no particular
    /// order, and a system call each: for maps whose layout is not known beforehand.
    package func forEachRaw(_ body: ([UInt8], [ArraySlice<UInt8>]) -> Void) throws(KernelError) {
        let stride = isPerCPU ? (valueSize + 7) / 8 * 8 : valueSize
        let count = isPerCPU ? Self.cpuCount : 1
        var key = [UInt8](repeating: 0, count: keySize)
        var values = [UInt8](repeating: 0, count: stride * count)
        var result = unsafe bpf_map_get_next_key(descriptor.raw, nil, &key)
        while result == 0 {
            if unsafe bpf_map_lookup_elem(descriptor.raw, &key, &values) == 0 {
                body(key, (0..<count).map { values[$0 * stride..<$0 * stride + valueSize] })
            }
            let previous = key
            result = unsafe bpf_map_get_next_key(descriptor.raw, previous, &key)
        }
        guard result == -ENOENT else { throw KernelError(errno: result, "cannot list the map \(name)") }
    }

    /// All keys at this moment.
    package func keys<Key: BitwiseCopyable>(initial: Key) throws(KernelError) -> [Key] {
        precondition(MemoryLayout<Key>.size == keySize)
        var keys: [Key] = []
        var next = initial
        var result = unsafe bpf_map_get_next_key(descriptor.raw, nil, &next)
        while result == 0 {
            keys.append(next)
            var previous = next
            result = unsafe bpf_map_get_next_key(descriptor.raw, &previous, &next)
        }
        guard result == -ENOENT else { throw KernelError(errno: result, "cannot list the map \(name)") }
        return keys
    }
}

extension BPFMap {
    /// The number of CPUs that per-CPU values are kept for: the possible ones, not those online.
    package static var cpuCount: Int { Int(libbpf_num_possible_cpus()) }
}
