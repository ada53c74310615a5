// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import CWeirABI
import FlowMeter
import FlowModel

/// The maps that all ports' programs share, and every reader opens.
package struct FlowMaps: ~Copyable {
    let control: BPFMap
    let flows: Pair
    let totals: Pair
    /// What `totals` held when each generation was drained last; written by the meter, never by programs.
    let drained: BPFMap
    let fragments: BPFMap
    let ports: BPFMap

    /// One map a generation.
    struct Pair: ~Copyable {
        let even: BPFMap
        let odd: BPFMap

        /// Calls `body` with the map that programs use in the window of that number.
        borrowing func withMap<Result>(
            of window: UInt32, _ body: (borrowing BPFMap) throws(KernelError) -> Result
        ) throws(KernelError) -> Result {
            window % UInt32(WEIR_GENERATIONS) == 0 ? try body(even) : try body(odd)
        }
    }

    /// Room for datagrams whose fragments are on their way at one time.
    static let fragmentEntries = 4096

    /// Makes all maps, with room for that many flows a window. Seconds for millions of flows.
    static func create(flowBudget: Int) throws(KernelError) -> FlowMaps {
        var flowLayout = Layouts.flows0
        flowLayout.maxEntries = flowBudget
        var otherFlowLayout = Layouts.flows1
        otherFlowLayout.maxEntries = flowBudget
        return FlowMaps(
            control: try .create(Layouts.control),
            flows: Pair(even: try .create(flowLayout), odd: try .create(otherFlowLayout)),
            totals: Pair(even: try .create(Layouts.totals0), odd: try .create(Layouts.totals1)),
            drained: try .create(Layouts.drained), fragments: try .create(Layouts.fragments),
            ports: try .create(Layouts.ports))
    }

    /// Opens the maps pinned in that directory.
    static func open(pinnedIn directory: String) throws(KernelError) -> FlowMaps {
        func pinned(_ layout: MapLayout) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(directory)/\(layout.name)", layout: layout)
        }
        return FlowMaps(
            control: try pinned(Layouts.control),
            flows: Pair(even: try pinned(Layouts.flows0), odd: try pinned(Layouts.flows1)),
            totals: Pair(even: try pinned(Layouts.totals0), odd: try pinned(Layouts.totals1)),
            drained: try pinned(Layouts.drained), fragments: try pinned(Layouts.fragments),
            ports: try pinned(Layouts.ports))
    }

    /// Pins every map in that directory; the control map last, so that its pin says that all are there.
    func pin(in directory: String) throws(KernelError) {
        func pin(_ map: borrowing BPFMap) throws(KernelError) { try map.pin(at: "\(directory)/\(map.name)") }
        try pin(flows.even)
        try pin(flows.odd)
        try pin(totals.even)
        try pin(totals.odd)
        try pin(drained)
        try pin(fragments)
        try pin(ports)
        try pin(control)
    }

    /// How many flows a window has room for.
    package var flowBudget: Int { flows.even.maxEntries }

    /// Kernel memory of all maps, in bytes.
    package var memoryBytes: UInt64 {
        control.memoryBytes + flows.even.memoryBytes + flows.odd.memoryBytes + totals.even.memoryBytes
            + totals.odd.memoryBytes + drained.memoryBytes + fragments.memoryBytes + ports.memoryBytes
    }
}

extension FlowMaps {
    enum Layouts {
        static let control = MapLayout(
            name: WEIR_MAP_CONTROL, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_control>.size, maxEntries: 1, flags: UInt32(BPF_F_MMAPABLE))
        static let flows0 = flows(WEIR_MAP_FLOWS_0)
        static let flows1 = flows(WEIR_MAP_FLOWS_1)
        static let totals0 = totals(WEIR_MAP_TOTALS_0)
        static let totals1 = totals(WEIR_MAP_TOTALS_1)
        static let drained = MapLayout(
            name: WEIR_MAP_DRAINED, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_totals>.size, maxEntries: Int(WEIR_GENERATIONS) * totalsEntries)
        static let fragments = MapLayout(
            name: WEIR_MAP_FRAGMENTS, type: BPF_MAP_TYPE_LRU_HASH, keySize: MemoryLayout<weir_fragment_key>.size,
            valueSize: MemoryLayout<weir_fragment>.size, maxEntries: fragmentEntries)
        static let ports = MapLayout(
            name: WEIR_MAP_PORTS, type: BPF_MAP_TYPE_HASH, keySize: 4, valueSize: MemoryLayout<weir_port>.size,
            maxEntries: Int(WEIR_MAX_PORTS))

        private static let totalsEntries = Int(WEIR_MAX_PORTS * WEIR_DIRECTIONS)

        private static func flows(_ name: String) -> MapLayout {
            MapLayout(
                name: name, type: BPF_MAP_TYPE_PERCPU_HASH, keySize: MemoryLayout<weir_flow_key>.size,
                valueSize: MemoryLayout<weir_slot>.stride, maxEntries: 1)
        }

        private static func totals(_ name: String) -> MapLayout {
            MapLayout(
                name: name, type: BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4, valueSize: MemoryLayout<weir_totals>.stride,
                maxEntries: totalsEntries)
        }
    }

    static func totalsIndex(of side: PortSide) -> UInt32 {
        UInt32(side.port.rawValue) * UInt32(WEIR_DIRECTIONS) + UInt32(side.direction.rawValue)
    }

    /// Where `drained` keeps what `totals` held at the last drain of the window's generation.
    static func drainedIndex(of side: PortSide, window: UInt32) -> UInt32 {
        window % UInt32(WEIR_GENERATIONS) * UInt32(WEIR_MAX_PORTS * WEIR_DIRECTIONS) + totalsIndex(of: side)
    }
}
