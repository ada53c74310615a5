// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import CWeirABI
import FlowModel
import Glibc
import Synchronization

/// Which port each interface of one network namespace is, as the programs that its ports share look it up.
///
/// Owns two maps: one by the interface's index, read and written as memory, and one of the few indices above. Safe to use from
/// any thread; the turn of the ports must be the caller's.
final class InterfaceTable: Sendable {
    /// Inode number of the namespace.
    let namespace: UInt64
    private let indexed: BPFMap
    private let above: BPFMap
    private let entries: MappedArray<weir_interface>

    fileprivate static func create(_ namespace: UInt64) throws(KernelError) -> InterfaceTable {
        try InterfaceTable(namespace, .create(layout), .create(aboveLayout))
    }

    fileprivate static func open(
        _ namespace: UInt64, pinnedIn directory: PinDirectory
    ) throws(KernelError) -> InterfaceTable {
        func pinned(_ layout: MapLayout) throws(KernelError) -> BPFMap {
            try .open(
                pinnedAt: path(layout.name, namespace, in: directory), layout: layout, isWritable: true)
        }
        return try InterfaceTable(namespace, pinned(layout), pinned(aboveLayout))
    }

    private init(
        _ namespace: UInt64, _ indexed: consuming BPFMap, _ above: consuming BPFMap
    ) throws(KernelError) {
        entries = try MappedArray(of: indexed, isWritable: true)
        self.namespace = namespace
        self.indexed = indexed
        self.above = above
    }

    private static let layout = MapLayout(
        name: WEIR_MAP_INTERFACES, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
        valueSize: MemoryLayout<weir_interface>.size, maxEntries: Int(WEIR_INDEXED), flags: UInt32(BPF_F_MMAPABLE))
    private static let aboveLayout = MapLayout(
        name: WEIR_MAP_INTERFACES_ABOVE, type: BPF_MAP_TYPE_HASH, keySize: 4,
        valueSize: MemoryLayout<weir_interface>.size, maxEntries: Int(WEIR_MAX_PORTS))

    /// Makes the object look ports up in this one.
    func share(with object: borrowing BPFObject) throws(KernelError) {
        try object.reuse(indexed)
        try object.reuse(above)
    }

    /// Calls `body` with each map and where it is, or would be, pinned.
    func forEachPin(
        in directory: PinDirectory, _ body: (borrowing BPFMap, String) throws(KernelError) -> Void
    ) throws(KernelError) {
        try body(indexed, Self.path(indexed.name, namespace, in: directory))
        try body(above, Self.path(above.name, namespace, in: directory))
    }

    var memoryBytes: UInt64 { indexed.memoryBytes + above.memoryBytes }

    private static func path(_ name: String, _ namespace: UInt64, in directory: PinDirectory) -> String {
        "\(directory.layout)/\(name)-\(namespace)"
    }
}

extension InterfaceTable {
    /// Makes the interface the port's, before its programs are attached.
    func set(_ port: RegisteredPort) throws(KernelError) { try set(port, at: port.interfaceIndex) }

    /// Makes the interface of that index the port's.
    func set(_ port: RegisteredPort, at index: UInt32) throws(KernelError) {
        var entry = weir_interface()
        (entry.port, entry.role) = (port.number.rawValue, port.role.rawValue)
        guard let place = Self.place(index) else { return try above.set(entry, of: index) }
        entries[place] = entry
    }

    /// Makes the interface no port's, once its programs are gone, unless it is another port's by now.
    func clear(_ port: RegisteredPort) throws(KernelError) {
        if let place = Self.place(port.interfaceIndex) {
            if entries[place].port == port.number.rawValue { entries[place] = weir_interface() }
        } else if try above.value(of: port.interfaceIndex, initial: weir_interface())?.port == port.number.rawValue {
            try above.remove(port.interfaceIndex)
        }
    }

    private static func place(_ index: UInt32) -> Int? { index < WEIR_INDEXED ? Int(index) : nil }
}

/// The tables of all network namespaces with ports, each opened when it is first asked for. Safe to use from any thread.
final class InterfaceTables: Sendable {
    private let directory: PinDirectory?
    private let tables = Mutex<[UInt64: InterfaceTable]>([:])

    /// - Parameter directory: in which they are or will be pinned; nil: nowhere.
    init(in directory: PinDirectory?) { self.directory = directory }

    /// That of a namespace, which is made where it is not there. The turn of the ports must be the caller's.
    func table(of namespace: UInt64) throws(KernelError) -> InterfaceTable {
        if let known = tables.withLock({ $0[namespace] }) { return known }
        let table: InterfaceTable
        if let directory, Self.isPinned(namespace, in: directory) {
            table = try .open(namespace, pinnedIn: directory)
        } else {
            table = try .create(namespace)
            if let directory {
                try table.forEachPin(in: directory) { (map, path) throws(KernelError) in try map.pin(at: path) }
            }
        }
        tables.withLock { $0[namespace] = table }
        return table
    }

    private static func isPinned(_ namespace: UInt64, in directory: PinDirectory) -> Bool {
        unsafe access("\(directory.layout)/\(WEIR_MAP_INTERFACES_ABOVE)-\(namespace)", F_OK) == 0
    }

    /// Forgets the one of a namespace that has no ports any more, and removes what is pinned of it.
    func remove(_ namespace: UInt64) throws(KernelError) {
        let known = tables.withLock { $0.removeValue(forKey: namespace) }
        guard let directory, let known else { return }
        try known.forEachPin(in: directory) { (_, path) throws(KernelError) in unsafe unlink(path) }
    }

    /// Kernel memory of those of these namespaces, in bytes.
    func memoryBytes(of namespaces: Set<UInt64>) -> UInt64 {
        namespaces.reduce(0) { sum, namespace in
            let known = tables.withLock { $0[namespace] }
            return sum + ((known ?? pinned(namespace))?.memoryBytes ?? 0)
        }
    }

    private func pinned(_ namespace: UInt64) -> InterfaceTable? {
        directory.flatMap { Self.isPinned(namespace, in: $0) ? try? .open(namespace, pinnedIn: $0) : nil }
    }

    /// Those that are open.
    var open: [InterfaceTable] { tables.withLock { Array($0.values) } }
}
