// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowMeter
import FlowModel
import Host

/// The plain engine's maps: one BPF_MAP_TYPE_PERCPU_HASH a generation, and how many flows each port has made in each.
struct HashTable: ~Copyable {
    let even: BPFMap
    let odd: BPFMap
    let shares: BPFMap
    /// By port, then generation. Programs add to those of the open window; those of one at rest are the meter's.
    private let mappedShares: MappedArray<UInt32>

    private init(
        even: consuming BPFMap, odd: consuming BPFMap, shares: consuming BPFMap, rights: Descriptor.Rights
    ) throws(KernelError) {
        let mappedShares = try MappedArray<UInt32>(of: shares, rights: rights)
        self.mappedShares = mappedShares
        self.even = even
        self.odd = odd
        self.shares = shares
    }

    static func create(_ geometry: TableGeometry) throws(KernelError) -> HashTable {
        func layout(_ name: String) -> MapLayout {
            var layout = Self.layout(name)
            layout.maxEntries = geometry.flowBudget
            return layout
        }
        return try HashTable(
            even: .create(layout(WEIR_MAP_FLOWS_0)), odd: .create(layout(WEIR_MAP_FLOWS_1)),
            shares: .create(shareLayout), rights: .readWrite)
    }

    static func open(pinnedIn directory: String, rights: Descriptor.Rights) throws(KernelError) -> HashTable {
        func pinned(_ name: String) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(directory)/\(name)", layout: layout(name), rights: rights)
        }
        return try HashTable(
            even: pinned(WEIR_MAP_FLOWS_0), odd: pinned(WEIR_MAP_FLOWS_1),
            shares: .open(
                pinnedAt: "\(directory)/\(shareLayout.name)", layout: shareLayout, rights: rights),
            rights: rights)
    }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try body(even)
        try body(odd)
        try body(shares)
    }

    private static var shareLayout: MapLayout {
        MapLayout(
            name: WEIR_MAP_LINE_SHARES, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
            valueSize: Int(WEIR_GENERATIONS) * MemoryLayout<UInt32>.size, maxEntries: Int(WEIR_MAX_PORTS),
            flags: UInt32(BPF_F_MMAPABLE))
    }

    private static func layout(_ name: String) -> MapLayout {
        MapLayout(
            name: name, type: BPF_MAP_TYPE_PERCPU_HASH, keySize: MemoryLayout<weir_flow_key>.size,
            valueSize: MemoryLayout<weir_slot>.stride, maxEntries: 1)
    }

    /// Calls `body` with the map that programs use in the window of that number.
    private borrowing func withMap<Result>(
        of window: UInt32, _ body: (borrowing BPFMap) throws(KernelError) -> Result
    ) throws(KernelError) -> Result {
        window % UInt32(WEIR_GENERATIONS) == 0 ? try body(even) : try body(odd)
    }
}

extension HashTable {
    /// Calls `body` with every slot of the window's generation that has counted a packet, some at a time.
    func forEachBatch(
        of window: UInt32, opened: Tick, _ body: (Span<CountedFlow>) -> Void
    ) throws(KernelError) {
        var batch: [CountedFlow] = []
        try withMap(of: window) { map throws(KernelError) in
            try map.forEach(initialKey: weir_flow_key(), initialValue: weir_slot()) { key, slots in
                for slot in slots where slot.packets != 0 {
                    let key = FlowKey(key, slot)
                    batch.append(CountedFlow(key: key, counters: FlowCounters(slot, opened)))
                }
                guard batch.count >= Self.batch else { return }
                body(batch.span)
                batch.removeAll(keepingCapacity: true)
            }
        }
        body(batch.span)
    }

    private static var batch: Int { 1024 }

    /// How many flows the window's generation holds: a flow on several CPUs is one.
    func count(of window: UInt32) throws(KernelError) -> Int {
        var count = 0
        try withMap(of: window) { map throws(KernelError) in
            try map.forEach(initialKey: weir_flow_key(), initialValue: weir_slot()) { _, _ in count += 1 }
        }
        return count
    }

    /// Empties the window's generation, which must be at rest.
    func removeAll(of window: UInt32) throws(KernelError) {
        try withMap(of: window) { map throws(KernelError) in
            try map.removeAll(initialKey: weir_flow_key(), initialValue: weir_slot())
        }
        let generation = Int(window % UInt32(WEIR_GENERATIONS))
        for port in 0..<Int(WEIR_MAX_PORTS) { mappedShares[port * Int(WEIR_GENERATIONS) + generation] = 0 }
    }
}

extension FlowCounters {
    fileprivate init(_ slot: weir_slot, _ opened: Tick) {
        let bits = TCPBits(slot.tcp_bits)
        self.init(
            count: PacketCount(packets: slot.packets, octets: slot.octets),
            first: MonotonicTime(nanoseconds: opened.nanoseconds(after: slot.first)),
            last: MonotonicTime(nanoseconds: opened.nanoseconds(after: slot.last)), tcpControlBits: bits.control,
            tcpFlags: bits.awsFlags, dscp: slot.dscp, sourceMAC: MACAddress(slot.src_mac),
            destinationMAC: MACAddress(slot.dst_mac), timeToLive: slot.time_to_live, hidesTCPFlags: bits.areHidden)
    }
}
