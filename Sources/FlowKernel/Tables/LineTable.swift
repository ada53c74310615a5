// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Host

/// The line engine's memory: for each generation and CPU a table of lines and a log of those that were made.
///
/// The layout is `weir_line` and its kin in weir_abi.h; which side writes what is in table_line.bpf.h.
struct LineTable: ~Copyable {
    let geometry: TableGeometry
    let lines: BPFMap
    let entries: BPFMap
    let heads: BPFMap
    let shares: BPFMap
    let mappedLines: MappedArray<LineWords>
    let mappedEntries: MappedArray<EntryWords>
    let mappedHeads: MappedArray<weir_line_head>

    static func create(_ geometry: TableGeometry) throws(KernelError) -> LineTable {
        try map(
            geometry, lines: .create(Layouts.lines(geometry)), entries: .create(Layouts.entries(geometry)),
            heads: .create(Layouts.heads(geometry)), shares: .create(Layouts.shares), rights: .readWrite)
    }

    static func open(
        _ geometry: TableGeometry, pinnedIn directory: String, rights: Descriptor.Rights
    ) throws(KernelError) -> LineTable {
        func pinned(_ layout: MapLayout) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(directory)/\(layout.name)", layout: layout, rights: rights)
        }
        return try map(
            geometry, lines: pinned(Layouts.lines(geometry)), entries: pinned(Layouts.entries(geometry)),
            heads: pinned(Layouts.heads(geometry)), shares: pinned(Layouts.shares), rights: rights)
    }

    private static func map(
        _ geometry: TableGeometry, lines: consuming BPFMap, entries: consuming BPFMap, heads: consuming BPFMap,
        shares: consuming BPFMap, rights: Descriptor.Rights
    ) throws(KernelError) -> LineTable {
        let mappedLines = try MappedArray<LineWords>(of: lines, rights: rights)
        let mappedEntries = try MappedArray<EntryWords>(of: entries, rights: .read)
        let mappedHeads = try MappedArray<weir_line_head>(of: heads, rights: rights)
        return LineTable(
            geometry: geometry, lines: lines, entries: entries, heads: heads, shares: shares, mappedLines: mappedLines,
            mappedEntries: mappedEntries, mappedHeads: mappedHeads)
    }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try body(lines)
        try body(entries)
        try body(heads)
        try body(shares)
    }

    private enum Layouts {
        static func lines(_ geometry: TableGeometry) -> MapLayout {
            mapped(WEIR_MAP_LINES, MemoryLayout<weir_line_pair>.size, perTable: geometry.lines / 2, geometry)
        }

        static func entries(_ geometry: TableGeometry) -> MapLayout {
            mapped(WEIR_MAP_LINE_ENTRIES, MemoryLayout<weir_line_entry>.size, perTable: geometry.lines, geometry)
        }

        static func heads(_ geometry: TableGeometry) -> MapLayout {
            mapped(WEIR_MAP_LINE_HEADS, MemoryLayout<weir_line_head>.size, perTable: 1, geometry)
        }

        static let shares = MapLayout(
            name: WEIR_MAP_LINE_SHARES, type: BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_line_share>.size, maxEntries: Int(WEIR_MAX_PORTS))

        private static func mapped(
            _ name: String, _ size: Int, perTable count: Int, _ geometry: TableGeometry
        ) -> MapLayout {
            MapLayout(
                name: name, type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: size,
                maxEntries: Int(WEIR_GENERATIONS) * geometry.cpus * count, flags: UInt32(BPF_F_MMAPABLE))
        }
    }
}

/// A `weir_line` as the eight words that it is.
struct LineWords: BitwiseCopyable {
    var source: (UInt64, UInt64)
    var destination: (UInt64, UInt64)
    /// Source port, destination port, number of the port, VLAN id.
    var ends: UInt64
    /// Inner VLAN id, protocol, kind, window.
    var link: UInt64
    var octetsBits: UInt64
    var packetsLast: UInt64

    var window: UInt32 { UInt32(truncatingIfNeeded: link >> 32) }
}

/// A `weir_line_entry` as three words.
struct EntryWords: BitwiseCopyable {
    /// Line, first.
    var place: UInt64
    /// Destination MAC, the first two bytes of the source MAC.
    var addresses: UInt64
    /// The rest of it, DSCP, time to live, rule.
    var rest: UInt64

    var line: Int { Int(UInt32(truncatingIfNeeded: place)) }
}
