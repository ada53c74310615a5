// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import CWeirABI
import FlowMeter
import FlowModel

/// The maps that all ports' programs share, and every reader opens.
package struct FlowMaps: ~Copyable {
    let control: BPFMap
    let table: EngineTable
    let totals: BPFMap
    /// What `totals` held when each generation was drained last; written by the meter, never by programs.
    let drained: BPFMap
    let fragments: BPFMap
    let ports: BPFMap
    /// The ring through which programs wake the meter.
    let wakes: BPFMap

    /// Room for datagrams whose fragments are on their way at one time.
    static let fragmentEntries = 4096

    /// Makes all maps. Seconds for millions of flows.
    static func create(_ geometry: TableGeometry) throws(KernelError) -> FlowMaps {
        FlowMaps(
            control: try .create(Layouts.control), table: try .create(geometry), totals: try .create(Layouts.totals),
            drained: try .create(Layouts.drained), fragments: try .create(Layouts.fragments),
            ports: try .create(Layouts.ports), wakes: try .create(Layouts.wakes))
    }

    /// Opens the control map pinned in that directory, which tells what the others are.
    static func openControl(pinnedIn directory: String) throws(KernelError) -> BPFMap {
        try .open(pinnedAt: "\(directory)/\(Layouts.control.name)", layout: Layouts.control)
    }

    /// Opens the other maps pinned in that directory.
    static func open(
        _ control: consuming BPFMap, _ geometry: TableGeometry, pinnedIn directory: String, isWritable: Bool
    ) throws(KernelError) -> FlowMaps {
        func pinned(_ layout: MapLayout) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(directory)/\(layout.name)", layout: layout)
        }
        return FlowMaps(
            control: control, table: try .open(geometry, pinnedIn: directory, isWritable: isWritable),
            totals: try pinned(Layouts.totals), drained: try pinned(Layouts.drained),
            fragments: try pinned(Layouts.fragments), ports: try pinned(Layouts.ports),
            wakes: try pinned(Layouts.wakes))
    }

    /// Pins every map in that directory; the control map last, so that its pin says that all are there.
    func pin(in directory: String) throws(KernelError) {
        try forEachMap { map throws(KernelError) in try map.pin(at: "\(directory)/\(map.name)") }
    }

    /// Calls `body` with every map, with the control map last.
    private func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try table.forEachMap(body)
        try body(totals)
        try body(drained)
        try body(fragments)
        try body(ports)
        try body(wakes)
        try body(control)
    }

    /// Kernel memory of all maps, in bytes.
    package var memoryBytes: UInt64 {
        var sum: UInt64 = 0
        try? forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        return sum
    }

    /// Of it, what the flow table takes.
    package var tableBytes: UInt64 {
        var sum: UInt64 = 0
        try? table.forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        return sum
    }

    /// Makes the object use these maps instead of making its own.
    func share(with object: borrowing BPFObject) throws(KernelError) {
        try object.reuse(control, as: WEIR_DATA_CONTROL)
        try object.reuse(totals)
        try object.reuse(fragments)
        try table.forEachMap { map throws(KernelError) in try object.reuse(map) }
        try object.reuse(wakes)
    }
}

extension FlowMaps {
    enum Layouts {
        static let control = MapLayout(
            name: WEIR_MAP_CONTROL, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_control>.size, maxEntries: 1, flags: UInt32(BPF_F_MMAPABLE))
        static let totals = MapLayout(
            name: WEIR_MAP_TOTALS, type: BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_totals>.stride, maxEntries: totalsEntries)
        static let drained = MapLayout(
            name: WEIR_MAP_DRAINED, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_totals>.size, maxEntries: totalsEntries)
        static let fragments = MapLayout(
            name: WEIR_MAP_FRAGMENTS, type: BPF_MAP_TYPE_LRU_HASH, keySize: MemoryLayout<weir_fragment_key>.size,
            valueSize: MemoryLayout<weir_fragment>.size, maxEntries: fragmentEntries)
        static let ports = MapLayout(
            name: WEIR_MAP_PORTS, type: BPF_MAP_TYPE_HASH, keySize: 4, valueSize: MemoryLayout<weir_port>.size,
            maxEntries: Int(WEIR_MAX_PORTS))

        static let wakes = MapLayout(
            name: WEIR_MAP_WAKES, type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0,
            maxEntries: Int(WEIR_WAKES_BYTES))

        private static let totalsEntries = Int(WEIR_GENERATIONS * WEIR_MAX_PORTS * WEIR_DIRECTIONS)
    }

    /// Where `totals` counts, and `drained` keeps what it held at the last drain.
    static func totalsIndex(of side: PortSide, window: UInt32) -> UInt32 {
        let generation = window % UInt32(WEIR_GENERATIONS)
        let port = generation * UInt32(WEIR_MAX_PORTS) + UInt32(side.port.rawValue)
        return port * UInt32(WEIR_DIRECTIONS) + UInt32(side.direction.rawValue)
    }
}
