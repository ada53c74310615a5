// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Glibc
import Host
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
                pinnedAt: path(layout.name, namespace, in: directory), layout: layout, rights: .readWrite)
        }
        return try InterfaceTable(namespace, pinned(layout), pinned(aboveLayout))
    }

    private init(
        _ namespace: UInt64, _ indexed: consuming BPFMap, _ above: consuming BPFMap
    ) throws(KernelError) {
        entries = try MappedArray(of: indexed, rights: .readWrite)
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

    /// By which the kernel knows the one by index; programs that use it are of this table.
    var id: UInt32? { indexed.id }

    var memoryBytes: UInt64 { indexed.memoryBytes + above.memoryBytes }

    private static func path(_ name: String, _ namespace: UInt64, in directory: PinDirectory) -> String {
        "\(directory.layout)/\(name)-\(namespace)"
    }
}

extension InterfaceTable {
    /// Makes the interface the port's, before its programs are attached.
    func set(_ port: RegisteredPort) throws(KernelError) { try set(port, at: port.interfaceIndex) }

    /// Makes the interface of that index the port's. Where it is, what programs have noted of it stays.
    func set(_ port: RegisteredPort, at index: UInt32) throws(KernelError) {
        let (number, role) = (port.number.rawValue, port.role.rawValue)
        let current = try entry(at: index)
        guard current.port != number || current.role != role else { return }
        let entry = weir_interface(device: 0, port: number, role: role, zero: (0, 0, 0, 0, 0))
        guard let place = Self.place(index) else { return try above.set(entry, of: index) }
        entries[place] = entry
    }

    private func entry(at index: UInt32) throws(KernelError) -> weir_interface {
        if let place = Self.place(index) { return entries[place] }
        return try above.value(of: index, initial: weir_interface()) ?? weir_interface()
    }

    /// Makes the interface no port's, once its programs are gone, unless it is another port's by now.
    func clear(_ port: RegisteredPort) throws(KernelError) {
        guard try entry(at: port.interfaceIndex).port == port.number.rawValue else { return }
        if let place = Self.place(port.interfaceIndex) {
            entries[place] = weir_interface()
        } else {
            try above.remove(port.interfaceIndex)
        }
    }

    private static func place(_ index: UInt32) -> Int? { index < WEIR_INDEXED ? Int(index) : nil }
}

/// The tables of all network namespaces with ports. Safe to use from any thread.
///
/// Another process may have removed one with the last port of its namespace, and made another: what is pinned counts, not what is
/// open here.
final class InterfaceTables: Sendable {
    private let directory: PinDirectory?
    private let tables = Mutex<[UInt64: InterfaceTable]>([:])

    /// - Parameter directory: in which they are or will be pinned; nil: nowhere.
    init(in directory: PinDirectory?) { self.directory = directory }

    /// That of a namespace; nil where it is not there. The turn of the ports must be the caller's.
    func existing(_ namespace: UInt64) throws(KernelError) -> InterfaceTable? {
        let known = tables.withLock { $0[namespace] }
        guard let directory else { return known }
        let path = "\(directory.layout)/\(WEIR_MAP_INTERFACES)-\(namespace)"
        guard unsafe access(path, F_OK) == 0 else { return nil }
        if let known, try known.id == BPFMap.open(pinnedAt: path).id { return known }
        return keep(try .open(namespace, pinnedIn: directory))
    }

    /// Makes one of no ports yet.
    func make(_ namespace: UInt64) throws(KernelError) -> InterfaceTable {
        let table = try InterfaceTable.create(namespace)
        if let directory {
            try table.forEachPin(in: directory) { (map, path) throws(KernelError) in
                unsafe unlink(path)
                try map.pin(at: path)
            }
        }
        return keep(table)
    }

    private func keep(_ table: InterfaceTable) -> InterfaceTable {
        tables.withLock { $0[table.namespace] = table }
        return table
    }

    /// Forgets the one of a namespace that has no ports any more, and removes what is pinned of it.
    func remove(_ namespace: UInt64) throws(KernelError) {
        let known = tables.withLock { $0.removeValue(forKey: namespace) }
        guard let directory, let known else { return }
        try known.forEachPin(in: directory) { (_, path) throws(KernelError) in unsafe unlink(path) }
    }

    /// Kernel memory of those of these namespaces, in bytes.
    func memoryBytes(of namespaces: Set<UInt64>) -> UInt64 {
        namespaces.reduce(0) { $0 + ((try? existing($1))?.memoryBytes ?? 0) }
    }

    /// Those that are open here.
    var open: [InterfaceTable] { tables.withLock { Array($0.values) } }
}
