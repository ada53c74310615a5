// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Host

/// What programs sample at which port, what became of it, and the ring that samples are put into (weir_copies.h).
///
/// A class, since several hold it. Of fixed size: 1 MB and 200 KB a CPU.
final class SamplingTables: MapSet {
    let ring: BPFMap
    let rates: BPFMap
    let counts: BPFMap
    private let mappedRates: MappedArray<weir_sampling>

    static func create() throws(KernelError) -> SamplingTables {
        try SamplingTables(rights: .readWrite) { layout throws(KernelError) in try .create(layout) }
    }

    static func open(pinnedIn folder: String, rights: Descriptor.Rights) throws(KernelError) -> SamplingTables {
        try SamplingTables(rights: rights) { layout throws(KernelError) in
            try .open(pinnedAt: "\(folder)/\(layout.name)", layout: layout, rights: rights)
        }
    }

    private init(
        rights: Descriptor.Rights, _ map: (MapLayout) throws(KernelError) -> BPFMap
    ) throws(KernelError) {
        ring = try map(Layouts.ring)
        rates = try map(Layouts.rates)
        counts = try map(Layouts.counts)
        mappedRates = try MappedArray(of: rates, rights: rights)
    }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try body(ring)
        try body(rates)
        try body(counts)
    }

    static let ringBytes = Int(WEIR_SAMPLES_BYTES)

    private enum Layouts {
        static let ring = MapLayout(
            name: WEIR_MAP_SAMPLES, type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: ringBytes)
        static let rates = MapLayout(
            name: WEIR_MAP_SAMPLING, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_sampling>.size, maxEntries: Int(WEIR_MAX_PORTS),
            flags: UInt32(BPF_F_MMAPABLE))
        static let counts = MapLayout(
            name: WEIR_MAP_SAMPLED, type: BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_sampled>.size, maxEntries: Int(WEIR_MAX_PORTS))
    }
}

extension SamplingTables {
    /// What is sampled at a port.
    func rates(of port: PortNumber) -> SamplingRates {
        let entry = mappedRates[Int(port.rawValue)]
        return SamplingRates(rate: entry.rate, discards: entry.discards)
    }

    func set(_ rates: SamplingRates, of port: PortNumber) {
        mappedRates[Int(port.rawValue)] = weir_sampling(rate: rates.rate, discards: rates.discards)
    }

    /// What became of it, since it began.
    func counts(of port: PortNumber) throws(KernelError) -> SampledCounts {
        var sum = SampledCounts()
        for value in try counts.perCPUValues(of: UInt32(port.rawValue), initial: weir_sampled()) {
            sum.samples += value.samples
            sum.lost += value.lost
            sum.discards += value.discards
            sum.withheld += value.withheld
        }
        return sum
    }

    /// Forgets what became of it at a port that had the number before. No program may sample there.
    func clear(_ port: PortNumber) throws(KernelError) {
        try counts.setPerCPU(weir_sampled(), of: UInt32(port.rawValue))
    }
}

/// What is sampled at a port.
package struct SamplingRates: Equatable, Sendable {
    /// One packet of so many; 0: none.
    package var rate: UInt32
    /// Packets a second that the policy drops, on each CPU; 0: none.
    package var discards: UInt32

    package init(rate: UInt32 = 0, discards: UInt32 = 0) {
        self.rate = rate
        self.discards = discards
    }
}

/// What became of the packets of a port that is sampled, on the wire, since its sampling began.
package struct SampledCounts: Equatable, Sendable {
    package var rates = SamplingRates()
    /// Packets that could have been sampled: all that were seen.
    package var pool: UInt64 = 0
    package var samples: UInt64 = 0
    /// Of these: the ring had no room.
    package var lost: UInt64 = 0
    /// Dropped by the policy, and put into the ring.
    package var discards: UInt64 = 0
    /// Dropped by the policy, and not put into the ring.
    package var withheld: UInt64 = 0

    package init() {}
}
