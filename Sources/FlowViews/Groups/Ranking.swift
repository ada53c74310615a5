// SPDX-License-Identifier: Apache-2.0

package import FlowStore

/// What the records of a group count together.
package struct GroupSum: Sendable {
    /// In the order of the fields.
    package let values: [StoredValue]
    package let counts: StoreTotals.Counts
}

/// Groups of records in order, the largest first, with the sum of all.
package struct Ranking: Sendable {
    package let fields: [GroupField]
    package let measure: Measure
    /// Unix seconds: what is counted lies between these.
    package let start: Int64
    package let end: Int64
    /// Those with traffic: groups of records that tell of none are left out.
    package let groups: [GroupSum]
    /// Of all records.
    package let sum: StoreTotals.Counts

    package init(_ totals: StoreTotals, by fields: [GroupField], _ measure: Measure, start: Int64, end: Int64) {
        self.fields = fields
        self.measure = measure
        self.start = start
        self.end = max(start, end)
        sum = totals.sum
        groups = Self.largestFirst(
            totals.ofOwners(fields).groups.filter { $0.counts.packets > 0 || $0.counts.flows > 0 }
                .map { GroupSum(values: $0.values, counts: $0.counts) }, measure)
    }

    /// Equal ones keep their places from one time to the next.
    static func largestFirst(_ groups: [GroupSum], _ measure: Measure) -> [GroupSum] {
        groups.sorted { left, right in
            let values = (measure.value(of: left.counts), measure.value(of: right.counts))
            return values.0 == values.1 ? left.values.isOrdered(before: right.values) : values.0 > values.1
        }
    }

    var seconds: Int64 { end - start }

    /// Octets a second, on average.
    func rate(of counts: StoreTotals.Counts) -> UInt64? { seconds > 0 ? counts.octets / UInt64(seconds) : nil }
}

extension [StoredValue] {
    fileprivate func isOrdered(before other: [StoredValue]) -> Bool {
        for (left, right) in zip(self, other) where left != right {
            if case .number(let first) = left, case .number(let second) = right { return first < second }
            return left.description < right.description
        }
        return false
    }
}
