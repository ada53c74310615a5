// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Host

/// Owns what one port counted since it was attached, and what of it was drained: an array of `weir_totals`, laid out as
/// WEIR_TOTALS_PER_CPU and WEIR_TOTALS_OF_CPU in weir_abi.h say.
///
/// A class, since several hold it. Read without a system call. Programs write all but what was drained; a sum of an open
/// window is of some moment.
final class PortCounts: Sendable {
    let map: BPFMap
    private let totals: MappedArray<weir_totals>

    /// Makes a new one, all zero.
    static func create() throws(KernelError) -> PortCounts {
        try PortCounts(.create(layout), rights: .readWrite)
    }

    static func open(pinnedAt path: String, rights: Descriptor.Rights) throws(KernelError) -> PortCounts {
        try PortCounts(.open(pinnedAt: path, layout: layout, rights: rights), rights: rights)
    }

    private init(_ map: consuming BPFMap, rights: Descriptor.Rights) throws(KernelError) {
        totals = try MappedArray(of: map, rights: rights)
        self.map = map
    }

    static let layout = MapLayout(
        name: WEIR_MAP_TOTALS, type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: MemoryLayout<weir_totals>.size,
        maxEntries: (Int(WEIR_TOTALS_ROWS) + BPFMap.cpuCount) * perCPU, flags: UInt32(BPF_F_MMAPABLE))

    private static let perCPU = Int(WEIR_GENERATIONS * WEIR_DIRECTIONS)
}

extension PortCounts {
    /// What the port saw in the windows of one generation since it was attached.
    func seen(_ direction: Direction, generationOf window: UInt32) -> PortTotals {
        let place = Self.place(direction, window)
        return stride(from: place + Self.perCPU * Int(WEIR_TOTALS_ROWS), to: totals.count, by: Self.perCPU)
            .reduce(PortTotals()) { $0 + PortTotals(totals[$1]) }
    }

    /// What the port saw in this window alone.
    func seen(_ direction: Direction, in window: UInt32) -> PortTotals {
        seen(direction, generationOf: window) - PortTotals(totals[Self.place(direction, window)])
    }

    /// What the port saw since it was attached.
    func seen(_ direction: Direction) -> PortTotals {
        seen(direction, generationOf: 0) + seen(direction, generationOf: 1)
    }

    /// Notes that all that the window counted is drained. It must be at rest.
    func setDrained(_ window: UInt32) {
        for direction in Direction.allCases {
            totals[Self.place(direction, window)] = weir_totals(seen(direction, generationOf: window))
        }
    }

    /// The first frames of the window that were in no flow, one for each reason at most. It must be at rest.
    func samples(_ direction: Direction, in window: UInt32) -> [UnparsedReason: FrameSample] {
        var samples: [UnparsedReason: FrameSample] = [:]
        for reason in UnparsedReason.allCases {
            let row = (1 + Int(reason.rawValue)) * Self.perCPU
            samples[reason] = FrameSample(totals[row + Self.place(direction, window)], in: window)
        }
        return samples
    }

    /// Has programs begin to sample with the next packet. None that samples may be at the port.
    func beginSampling() { setSampleAt(UInt64(WEIR_SAMPLE_BEGIN.rawValue)) }

    /// Has programs ask for the port's rate with the next packet. None may be at work that has not seen it.
    func drawAnew() { setSampleAt(UInt64(WEIR_SAMPLE_ANEW.rawValue)) }

    /// One store for each place, which programs write, too.
    private func setSampleAt(_ value: UInt64) {
        totals.withMutableSpan { span in
            for place in (Self.perCPU * Int(WEIR_TOTALS_ROWS))..<span.count { span[place].sample_at = value }
        }
    }

    /// Packets that could have been sampled since sampling began.
    var samplePool: UInt64 {
        var pool: UInt64 = 0
        for place in (Self.perCPU * Int(WEIR_TOTALS_ROWS))..<totals.count {
            let totals = totals[place]
            let isSampled = ![UInt64(WEIR_SAMPLE_BEGIN.rawValue), UInt64.max].contains(totals.sample_at)
            if isSampled { pool &+= totals.seen.packets &- totals.sampled_from }
        }
        return pool
    }

    /// Where what was drained lies; samples and the same of the CPUs follow.
    private static func place(_ direction: Direction, _ window: UInt32) -> Int {
        Int(window % UInt32(WEIR_GENERATIONS)) * Int(WEIR_DIRECTIONS) + Int(direction.rawValue)
    }
}

extension FrameSample {
    /// nil where the place holds none of that window. `unsafe`: a sample lies where totals do, and is as large.
    fileprivate init?(_ place: weir_totals, in window: UInt32) {
        let sample = unsafe unsafeBitCast(place, to: weir_sample.self)
        guard sample.window == window, sample.kept > 0 else { return nil }
        let kept = min(Int(sample.kept), Int(WEIR_SAMPLE_BYTES))
        self.init(length: sample.length, bytes: unsafe withUnsafeBytes(of: sample.bytes) { unsafe Array($0[..<kept]) })
    }
}
