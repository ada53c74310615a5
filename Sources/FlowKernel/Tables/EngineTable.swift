// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowMeter
import FlowModel
import Host

/// The flow table of whichever engine was chosen.
enum EngineTable: ~Copyable {
    case line(LineTable)
    case perCPUHash(HashTable)

    static func create(_ geometry: TableGeometry) throws(KernelError) -> EngineTable {
        switch geometry.engine {
        case .line: .line(try LineTable.create(geometry))
        case .perCPUHash: .perCPUHash(try HashTable.create(geometry))
        }
    }

    static func open(
        _ geometry: TableGeometry, pinnedIn directory: String, rights: Descriptor.Rights
    ) throws(KernelError) -> EngineTable {
        switch geometry.engine {
        case .line: .line(try LineTable.open(geometry, pinnedIn: directory, rights: rights))
        case .perCPUHash: .perCPUHash(try HashTable.open(pinnedIn: directory, rights: rights))
        }
    }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        switch self {
        case .line(let table): try table.forEachMap(body)
        case .perCPUHash(let table): try table.forEachMap(body)
        }
    }

    /// Calls `body` with all that was counted in the window: each flow once for every CPU that saw it, some at a time.
    func forEachBatch(
        of window: UInt32, opened: Tick, _ body: (Span<CountedFlow>) -> Void
    ) throws(KernelError) {
        switch self {
        case .line(let table): table.forEachBatch(of: window, opened: opened, body)
        case .perCPUHash(let table): try table.forEachBatch(of: window, opened: opened, body)
        }
    }

    /// How full the window's generation is: per CPU where each has a table, else in one sum without probes.
    func load(of window: UInt32) throws(KernelError) -> [TableLoad] {
        switch self {
        case .line(let table): table.load(of: window)
        case .perCPUHash(let table): [TableLoad(lines: try table.count(of: window), probes: 0)]
        }
    }

    /// Empties the generation of a window that is drained.
    func release(_ window: UInt32) throws(KernelError) {
        switch self {
        case .line(let table): table.forget(window)
        case .perCPUHash(let table): try table.removeAll(of: window)
        }
    }

    /// Called before a number is opened, while no program writes its generation.
    func prepare(for window: UInt32) throws(KernelError) {
        switch self {
        case .line(let table): try table.prepare(for: window)
        case .perCPUHash: break
        }
    }
}

/// A flow table that several look at. A class, since they do so at a time.
final class SharedTable: MapSet {
    let table: EngineTable

    init(_ table: consuming EngineTable) { self.table = table }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try table.forEachMap(body)
    }
}
