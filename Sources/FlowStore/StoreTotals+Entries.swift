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
            let row = SortedRows(rows)
            let bucket = seconds.map { entry.window.start.seconds.floorDivided(by: $0) * $0 }
            counts[Place(values: columns.map { row.firstValue(of: $0) }, bucket: bucket), default: Counts()].add(entry)
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

extension SortedRows {
    fileprivate func firstValue(of column: FlowColumn) -> StoredValue {
        switch content(of: column).values {
        case .nothing: .null
        case .numbers(let numbers): numbers[0] == ColumnContent.noNumber ? .null : .number(numbers[0])
        case .texts(let places, let texts):
            places[0] == ColumnContent.noText ? .null : .text(texts.text(Int(places[0])))
        }
    }
}

extension StoreTotals.Counts {
    fileprivate mutating func add(_ entry: LogEntry) {
        records += 1
        first = min(first, entry.start.seconds)
        last = max(last, entry.end.seconds)
        switch entry {
        case .noData: return
        case .skipData(_, _, let overflow):
            overflowPackets &+= overflow.packets
            overflowOctets &+= overflow.octets
            return
        case .flow:
            flows += 1
            if entry.verdict?.action == .reject { rejectedFlows += 1 }
        case .unparsed: break
        }
        packets &+= entry.count.packets
        octets &+= entry.count.octets
        guard entry.verdict?.action == .reject else { return }
        rejectedPackets &+= entry.count.packets
        rejectedOctets &+= entry.count.octets
    }
}
