// SPDX-License-Identifier: Apache-2.0

/// Sums over the records that a query takes, for each combination of values of some columns, and for each piece of time.
package struct StoreTotals: Sendable {
    package struct Group: Sendable {
        /// By the columns that were asked for.
        package let values: [StoredValue]
        /// When the piece of time begins that the records' windows begin in, in Unix seconds; nil where no pieces were asked for.
        package let bucket: Int64?
        package let counts: Counts

        package init(values: [StoredValue], bucket: Int64?, counts: Counts) {
            self.values = values
            self.bucket = bucket
            self.counts = counts
        }
    }

    /// What some records count together.
    package struct Counts: Equatable, Sendable {
        /// Flows and frames that could not be parsed.
        package var packets: UInt64 = 0
        package var octets: UInt64 = 0
        /// Records that are flows.
        package var flows: UInt64 = 0
        /// The part of each that was rejected.
        package var rejectedPackets: UInt64 = 0
        package var rejectedOctets: UInt64 = 0
        package var rejectedFlows: UInt64 = 0
        /// Packets that were seen and have no record (SKIPDATA). They are in no other sum.
        package var overflowPackets: UInt64 = 0
        package var overflowOctets: UInt64 = 0
        /// All records, those of no data among them.
        package var records: UInt64 = 0
        /// When the first record begins and the last one ends, in Unix seconds.
        package var first = Int64.max
        package var last = Int64.min

        package init() {}
    }

    /// In no order.
    package internal(set) var groups: [Group]

    package init(groups: [Group]) { self.groups = groups }

    /// The sums over all groups.
    package var sum: Counts { groups.reduce(into: Counts()) { $0.add($1.counts) } }
}

extension StoreTotals.Counts {
    package mutating func add(_ other: Self) {
        packets &+= other.packets
        octets &+= other.octets
        flows &+= other.flows
        rejectedPackets &+= other.rejectedPackets
        rejectedOctets &+= other.rejectedOctets
        rejectedFlows &+= other.rejectedFlows
        overflowPackets &+= other.overflowPackets
        overflowOctets &+= other.overflowOctets
        records &+= other.records
        first = min(first, other.first)
        last = max(last, other.last)
    }
}

/// A value of a column.
package enum StoredValue: Hashable, Sendable, CustomStringConvertible {
    case null
    /// Of a column of numbers; 1 of a column of booleans.
    case number(Int64)
    case text(String)

    /// `-` for null, as text formats have it.
    package var description: String {
        switch self {
        case .null: "-"
        case .number(let number): "\(number)"
        case .text(let text): text
        }
    }
}

/// Why totals cannot be made.
package enum StoreQueryError: Error, Equatable, CustomStringConvertible {
    case tooManyGroups(Int)

    package var description: String {
        switch self {
        case .tooManyGroups(let most): "more than \(most) groups: narrow the time or the filter, or group by less"
        }
    }
}
