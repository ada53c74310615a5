// SPDX-License-Identifier: Apache-2.0

package import FlowModel

// Reading what a query asks for.
extension StoreReader {
    /// Calls `body` with each record that the query takes: segment after segment, the oldest first, in the order of the file.
    ///
    /// Holds one row group in memory. Files that cannot be read are in `damages`.
    package func forEachEntry(_ query: StoreQuery, _ body: (LogEntry) throws -> Void) throws {
        for segment in try segments(since: query.since, until: query.until) {
            try forEachEntry(of: segment, query, body)
        }
    }

    /// The same, of one segment.
    package func forEachEntry(
        of segment: StoredSegment, _ query: StoreQuery, _ body: (LogEntry) throws -> Void
    ) throws {
        do {
            try forEachEntry(of: segment) { entry in
                if query.takes(entry) { try body(entry) }
            }
        } catch let error as ParquetError {
            note(StoreDamage(segment: segment, error: error))
        }
    }

    /// The newest records that the query takes, at least so many where there are, the oldest first. What is older is not read.
    package func newest(_ count: Int, _ query: StoreQuery) throws -> [LogEntry] {
        var parts: [[LogEntry]] = []
        var found = 0
        for segment in try segments(since: query.since, until: query.until).reversed() where found < count {
            var part: [LogEntry] = []
            try forEachEntry(of: segment, query) { part.append($0) }
            found += part.count
            parts.append(part)
        }
        return parts.reversed().flatMap(\.self)
    }

    /// The sums of what the query takes.
    ///
    /// - Parameters:
    ///   - columns: a group for each combination of their values; none: one group.
    ///   - every: seconds: a group for each such piece of time as well, by the beginning of the records' windows; pieces begin at
    ///     multiples since 1970.
    ///   - most: groups that are held in memory, about 150 bytes each with the values.
    /// - Throws: StoreQueryError where there are more.
    package func totals(
        _ query: StoreQuery, by columns: [FlowColumn], every seconds: Int64? = nil, most: Int = 2_000_000
    ) throws -> StoreTotals {
        var counts: [TotalsKey: StoreTotals.Counts] = [:]
        try forEachEntry(query) { entry in
            var rows = FlowRows()
            rows.append(entry)
            let bucket = seconds.map { entry.window.start.seconds.floorDivided(by: $0) * $0 }
            let key = TotalsKey(values: columns.map { rows.firstValue(of: $0) }, bucket: bucket)
            counts[key, default: StoreTotals.Counts()].add(entry)
            guard counts.count <= most else { throw StoreQueryError.tooManyGroups(most) }
        }
        return StoreTotals(
            groups: counts.map { StoreTotals.Group(values: $0.key.values, bucket: $0.key.bucket, counts: $0.value) })
    }
}

private struct TotalsKey: Hashable {
    let values: [StoredValue]
    let bucket: Int64?
}

extension FlowRows {
    func firstValue(of column: FlowColumn) -> StoredValue {
        let buffer = buffers[column.rawValue]
        guard let place = buffer.indices.first else { return .null }
        return column.kind == .string
            ? .text(String(decoding: buffer.texts[Int(place)], as: UTF8.self))
            : .number(buffer.numbers.values[Int(place)])
    }
}

extension StoreTotals.Counts {
    mutating func add(_ entry: LogEntry) {
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
