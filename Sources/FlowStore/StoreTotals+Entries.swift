// SPDX-License-Identifier: Apache-2.0

package import FlowModel

// Records that are in no store, such as those of the open window.
extension StoreTotals {
    private struct Place: Hashable {
        let values: [StoredValue]
        let bucket: Int64?
    }

    private init(_ counts: [Place: Counts]) {
        self.init(groups: counts.map { Group(values: $0.key.values, bucket: $0.key.bucket, counts: $0.value) })
    }

    /// The sums of the records that the query takes, as `StoreReader.totals` makes them.
    package init(
        _ entries: some Sequence<LogEntry>, _ query: StoreQuery = StoreQuery(), by columns: [FlowColumn],
        every seconds: Int64? = nil
    ) {
        var counts: [Place: Counts] = [:]
        var rows = FlowRows()
        for entry in entries where query.takes(entry) {
            rows.removeAll()
            rows.append(entry)
            let bucket = seconds.map { entry.window.start.seconds.floorDivided(by: $0) * $0 }
            counts[Place(values: columns.map { rows.firstValue(of: $0) }, bucket: bucket), default: Counts()].add(entry)
        }
        self.init(counts)
    }

    /// The groups of both, those of the same values and the same piece of time as one.
    package func adding(_ other: StoreTotals) -> StoreTotals {
        var counts: [Place: Counts] = [:]
        for group in groups + other.groups {
            counts[Place(values: group.values, bucket: group.bucket), default: Counts()].add(group.counts)
        }
        return StoreTotals(counts)
    }
}
