// SPDX-License-Identifier: Apache-2.0

import FlowModel

// What is known of frames that are in no flow. It stands behind all that earlier versions wrote: they wrote none, and a reader
// that does not know it stops before.
extension JournalBytes {
    mutating func append(unparsedOf totals: [PortSide: PortTotals]) {
        let some = totals.filter { !$0.value.beyondLimits.isZero || !$0.value.judged.isZero }
        append(UInt32(some.count))
        for (side, totals) in some {
            append(side)
            append(totals.beyondLimits)
            for reason in UnparsedReason.allCases {
                append(totals.audited[reason])
                append(totals.refused[reason])
            }
        }
    }

    mutating func readUnparsed(into totals: inout [PortSide: PortTotals]) throws(Truncated) {
        guard let count: UInt32 = try? read() else { return }
        for _ in 0..<count {
            let side = try readSide()
            let beyondLimits = try readCount()
            var audited: [PacketCount] = []
            var refused: [PacketCount] = []
            for _ in UnparsedReason.allCases {
                audited.append(try readCount())
                refused.append(try readCount())
            }
            totals[side]?.beyondLimits = beyondLimits
            totals[side]?.audited = UnparsedCounts(audited)
            totals[side]?.refused = UnparsedCounts(refused)
        }
    }

    mutating func append(_ samples: FrameSamples) {
        append(UInt32(samples.values.reduce(0) { $0 + $1.count }))
        for (side, samples) in samples {
            for (reason, sample) in samples {
                append(side)
                append(reason.rawValue)
                append(sample.length)
                append(UInt16(sample.bytes.count))
                for byte in sample.bytes { append(byte) }
            }
        }
    }

    mutating func readSamples() throws(Truncated) -> FrameSamples {
        var samples: FrameSamples = [:]
        guard let count: UInt32 = try? read() else { return samples }
        for _ in 0..<count {
            let side = try readSide()
            let reason = UnparsedReason(rawValue: try read())
            let length: UInt32 = try read()
            var bytes: [UInt8] = []
            for _ in 0..<(try read() as UInt16) { bytes.append(try read()) }
            if let reason { samples[side, default: [:]][reason] = FrameSample(length: length, bytes: bytes) }
        }
        return samples
    }
}

extension JournalBytes {
    private mutating func append(_ side: PortSide) {
        append(side.port.rawValue)
        append(side.direction.rawValue)
    }

    private mutating func readSide() throws(Truncated) -> PortSide {
        let port = PortNumber(try read())
        return PortSide(port: port, direction: Direction(rawValue: try read()) ?? .ingress)
    }

    private mutating func append(_ count: PacketCount) {
        append(count.packets)
        append(count.octets)
    }

    private mutating func readCount() throws(Truncated) -> PacketCount {
        let packets: UInt64 = try read()
        return PacketCount(packets: packets, octets: try read())
    }
}

extension PortTotals {
    fileprivate var judged: PacketCount { audited.sum + refused.sum }
}

extension UnparsedCounts {
    /// In the order of the reasons.
    fileprivate init(_ counts: [PacketCount]) {
        self.init(notIP: counts[0], malformed: counts[1], truncated: counts[2], beyondLimits: counts[3])
    }
}
