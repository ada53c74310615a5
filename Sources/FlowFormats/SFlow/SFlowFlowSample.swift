// SPDX-License-Identifier: Apache-2.0

/// The interfaces that a packet came in and went out by, as far as the agent knows.
package struct SFlowWay: Equatable, Sendable {
    /// nil where it is not known.
    package var input: UInt32?
    package var output: UInt32?

    package init(input: UInt32? = nil, output: UInt32? = nil) {
        self.input = input
        self.output = output
    }

    /// `0` stands for an interface that is not known; `0x3FFFFFFF` would say that there is none.
    fileprivate static let unknown: UInt32 = 0
    /// Two bits of an interface say what the other 30 mean.
    fileprivate static let greatestIndex: UInt32 = (1 << 30) - 2
}

/// `flow_sample`, or `flow_sample_expanded` where an index has more bits than the first has room for (sflow_version_5.txt, 5).
package struct SFlowFlowSample: Sendable {
    package var source: SFlowSource
    /// One packet of so many is sampled.
    package var rate: UInt32
    /// Packets that could have been sampled; goes on from 0 after its largest value, as the drops do.
    package var pool: UInt64
    /// Samples that were lost before they got here.
    package var drops: UInt64
    package var way: SFlowWay
    package var records: [any SFlowRecord]

    package init(
        of source: SFlowSource, rate: UInt32, pool: UInt64, drops: UInt64, way: SFlowWay, _ records: [any SFlowRecord]
    ) {
        self.source = source
        self.rate = rate
        self.pool = pool
        self.drops = drops
        self.way = way
        self.records = records
    }

    var isExpanded: Bool {
        source.index > SFlowSource.greatestIndex
            || [way.input, way.output].contains { $0 ?? 0 > SFlowWay.greatestIndex }
    }

    func append(to sample: inout XDRBytes) {
        if isExpanded { sample.appendExpanded(source) } else { sample.append(source.word) }
        sample.append(rate)
        sample.append(counter: pool)
        sample.append(counter: drops)
        for index in [way.input, way.output] {
            // The format: a single interface.
            if isExpanded { sample.append(UInt32(0)) }
            sample.append(index ?? SFlowWay.unknown)
        }
        sample.append(records)
    }
}

/// `discarded_packet` of sflow_drops.txt.
package struct SFlowDiscardedPacket: Sendable {
    /// `drop_reason`, of which Weir knows these.
    package enum Reason: UInt32, Sendable {
        /// An access control list.
        case policy = 258
    }

    package var source: SFlowSource
    /// Packets that were discarded and that no sample was sent of.
    package var drops: UInt64
    package var way: SFlowWay
    package var reason: Reason
    package var records: [any SFlowRecord]

    package init(
        of source: SFlowSource, drops: UInt64, way: SFlowWay, reason: Reason, _ records: [any SFlowRecord]
    ) {
        self.source = source
        self.drops = drops
        self.way = way
        self.reason = reason
        self.records = records
    }

    func append(to sample: inout XDRBytes) {
        sample.appendExpanded(source)
        sample.append(counter: drops)
        for index in [way.input, way.output] { sample.append(index ?? SFlowWay.unknown) }
        sample.append(reason.rawValue)
        sample.append(records)
    }
}

extension XDRBytes {
    /// `sflow_data_source_expanded`.
    fileprivate mutating func appendExpanded(_ source: SFlowSource) {
        append(source.kind.rawValue)
        append(source.index)
    }
}
