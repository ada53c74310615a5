// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import CWeirABI
import FlowMeter
import FlowModel

/// The plain engine's maps: one BPF_MAP_TYPE_PERCPU_HASH a generation.
struct HashTable: ~Copyable {
    let even: BPFMap
    let odd: BPFMap

    static func create(_ geometry: TableGeometry) throws(KernelError) -> HashTable {
        func layout(_ name: String) -> MapLayout {
            var layout = Self.layout(name)
            layout.maxEntries = geometry.flowBudget
            return layout
        }
        return HashTable(
            even: try .create(layout(WEIR_MAP_FLOWS_0)), odd: try .create(layout(WEIR_MAP_FLOWS_1)))
    }

    static func open(pinnedIn directory: String, isWritable: Bool) throws(KernelError) -> HashTable {
        func pinned(_ name: String) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(directory)/\(name)", layout: layout(name), isWritable: isWritable)
        }
        return HashTable(even: try pinned(WEIR_MAP_FLOWS_0), odd: try pinned(WEIR_MAP_FLOWS_1))
    }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try body(even)
        try body(odd)
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
