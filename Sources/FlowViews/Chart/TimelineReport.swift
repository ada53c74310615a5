// SPDX-License-Identifier: Apache-2.0

import FlowStore

/// A timeline as facts, as its JSON has them. Lists have a value for each piece of time.
package struct TimelineReport: Encodable, Sendable {
    private let timeline: Timeline
    private let filter: String?

    package init(_ timeline: Timeline, filter: String?) {
        self.timeline = timeline
        self.filter = filter
    }

    enum CodingKeys: String, CodingKey {
        case since, until, every, by, filter, groups, total
        case measuredSeconds = "measured_seconds"
        case overflowPackets = "overflow_packets"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(timeline.start, forKey: .since)
        try container.encode(timeline.end, forKey: .until)
        try container.encode(timeline.step, forKey: .every)
        try container.encode(timeline.fields.map(\.name), forKey: .by)
        try container.encodeIfPresent(filter, forKey: .filter)
        try container.encode(timeline.measuredSeconds, forKey: .measuredSeconds)
        try container.encode(timeline.overflowPackets, forKey: .overflowPackets)
        try container.encode(Lists(timeline.total.counts), forKey: .total)
        try container.encode(
            timeline.series.map { Group(fields: timeline.fields, series: $0) }, forKey: .groups)
    }

    private struct Group: Encodable {
        let fields: [GroupField]
        let series: Timeline.Series

        enum CodingKeys: String, CodingKey { case others }

        func encode(to encoder: any Encoder) throws {
            try Lists(series.counts).encode(to: encoder)
            if let values = series.values {
                try GroupValues(fields, values).encode(to: encoder)
            } else {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(true, forKey: .others)
            }
        }
    }

    private struct Lists: Encodable {
        let flows, packets, bytes, rejectedFlows, rejectedPackets, rejectedBytes: [UInt64]

        enum CodingKeys: String, CodingKey {
            case flows, packets, bytes
            case rejectedFlows = "rejected_flows"
            case rejectedPackets = "rejected_packets"
            case rejectedBytes = "rejected_bytes"
        }

        init(_ counts: [StoreTotals.Counts]) {
            flows = counts.map(\.flows)
            packets = counts.map(\.packets)
            bytes = counts.map(\.octets)
            rejectedFlows = counts.map(\.rejectedFlows)
            rejectedPackets = counts.map(\.rejectedPackets)
            rejectedBytes = counts.map(\.rejectedOctets)
        }
    }
}
