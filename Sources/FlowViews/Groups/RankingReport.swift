// SPDX-License-Identifier: Apache-2.0

import FlowStore

/// A ranking as facts, as its JSON has them.
package struct RankingReport: Encodable, Sendable {
    let since: Int64
    let until: Int64
    let by: [String]
    let order: String
    let filter: String?
    let hasOpenWindow: Bool
    let groups: [Group]
    let groupCount: Int
    let sum: Sums

    enum CodingKeys: String, CodingKey {
        case since, until, by, order, filter, groups, sum
        case hasOpenWindow = "open_window"
        case groupCount = "group_count"
    }

    /// - Parameters:
    ///   - shown: groups that are named, the largest.
    ///   - hasOpenWindow: whether the flows of the window that is open now are counted.
    package init(_ ranking: Ranking, shown: Int, filter: String?, hasOpenWindow: Bool) {
        since = ranking.start
        until = ranking.end
        by = ranking.fields.map(\.name)
        order = ranking.measure.rawValue
        self.filter = filter
        self.hasOpenWindow = hasOpenWindow
        groups = ranking.groups.prefix(shown).map { Group(fields: ranking.fields, group: $0) }
        groupCount = ranking.groups.count
        sum = Sums(ranking.sum)
    }

    struct Group: Encodable {
        let fields: [GroupField]
        let group: GroupSum

        func encode(to encoder: any Encoder) throws {
            try Sums(group.counts).encode(to: encoder)
            try GroupValues(fields, group.values).encode(to: encoder)
        }
    }
}

/// What a group's records count together.
struct Sums: Encodable {
    let flows, packets, bytes, rejectedFlows, rejectedPackets, rejectedBytes: UInt64
    /// Absent where there is none.
    let overflowPackets, overflowBytes: UInt64?

    enum CodingKeys: String, CodingKey {
        case flows, packets, bytes
        case rejectedFlows = "rejected_flows"
        case rejectedPackets = "rejected_packets"
        case rejectedBytes = "rejected_bytes"
        case overflowPackets = "overflow_packets"
        case overflowBytes = "overflow_bytes"
    }

    init(_ counts: StoreTotals.Counts) {
        (flows, packets, bytes) = (counts.flows, counts.packets, counts.octets)
        rejectedFlows = counts.rejectedFlows
        (rejectedPackets, rejectedBytes) = (counts.rejectedPackets, counts.rejectedOctets)
        overflowPackets = counts.overflowPackets > 0 ? counts.overflowPackets : nil
        overflowBytes = counts.overflowPackets > 0 ? counts.overflowOctets : nil
    }
}

/// The values of a group, each under its column's name; what is not known is absent.
struct GroupValues: Encodable {
    private let fields: [GroupField]
    private let values: [StoredValue]

    init(_ fields: [GroupField], _ values: [StoredValue]) {
        self.fields = fields
        self.values = values
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (column, value) in zip(fields.columns, values) {
            let key = Key(stringValue: column.name)
            switch value {
            case .null: break
            case .number where column.kind == .boolean: try container.encode(true, forKey: key)
            case .number(let number): try container.encode(number, forKey: key)
            case .text(let text): try container.encode(text, forKey: key)
            }
        }
    }
}
