// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import FlowStore

/// What was counted in pieces of time of equal length, for all groups together and for each of the largest.
package struct Timeline: Sendable {
    /// A window that the store has: its time was measured.
    package struct MeasuredWindow: Equatable, Sendable {
        /// Unix seconds.
        package var start: Int64
        package var end: Int64
        /// Packets that were seen and have no record.
        package var overflowPackets: UInt64

        package init(start: Int64, end: Int64, overflowPackets: UInt64) {
            self.start = start
            self.end = end
            self.overflowPackets = overflowPackets
        }
    }

    /// A line of the chart, by piece of time.
    package struct Series: Sendable {
        /// nil: all groups that have no series of their own.
        let values: [StoredValue]?
        let counts: [StoreTotals.Counts]
        let sum: StoreTotals.Counts

        init(_ values: [StoredValue]?, _ counts: [StoreTotals.Counts]) {
            self.values = values
            self.counts = counts
            sum = counts.reduce(into: StoreTotals.Counts()) { $0.add($1) }
        }
    }

    /// How much of a piece of time was measured.
    package enum Coverage: Equatable, Sendable {
        case whole
        case part
        /// The store has no window of it: nothing is known of it.
        case none
        /// It is not over, or its windows are still to come.
        case pending
    }

    package let fields: [GroupField]
    package let measure: Measure
    /// Unix seconds of the first piece: a multiple of the length since 1970.
    package let start: Int64
    /// Unix seconds: the chart ends then, perhaps within the last piece.
    package let end: Int64
    /// Seconds.
    package let step: Int64
    package let total: Series
    /// The largest first, then the others together, where there are any. Empty where there are no fields.
    package let series: [Series]
    /// By piece.
    package let coverage: [Coverage]
    package let measuredSeconds: [Int64]
    package let overflowPackets: [UInt64]

    package var count: Int { coverage.count }

    /// - Parameters:
    ///   - totals: in pieces of that length.
    ///   - windows: all that lie between start and end, whatever was asked for.
    ///   - most: series of groups.
    package init(
        _ totals: StoreTotals, by fields: [GroupField], _ measure: Measure, windows: [MeasuredWindow],
        start: Int64, end: Int64, step: Int64, most: Int
    ) {
        self.fields = fields
        self.measure = measure
        self.step = step
        let first = start.floorDivided(by: step) * step
        let count = Self.count(from: start, to: end, step)
        self.start = first
        self.end = max(end, first + 1)
        let pieces = Pieces(first: first, step: step, count: count)
        total = Series(nil, pieces.counts(totals.groups))
        series = fields.isEmpty ? [] : Self.series(totals.ofOwners(fields), measure, pieces, most)
        let measured = pieces.measuredSeconds(windows)
        measuredSeconds = measured
        overflowPackets = pieces.overflow(windows)
        coverage = pieces.coverage(measured, windows, end: end)
    }

    /// How many pieces of that length it takes.
    package static func count(from start: Int64, to end: Int64, _ step: Int64) -> Int {
        let first = start.floorDivided(by: step) * step
        return max(1, Int((end - first + step - 1) / step))
    }

    private static func series(
        _ totals: StoreTotals, _ measure: Measure, _ pieces: Pieces, _ most: Int
    ) -> [Series] {
        var groups: [[StoredValue]: [StoreTotals.Group]] = [:]
        for group in totals.groups { groups[group.values, default: []].append(group) }
        let sums = groups.map { values, groups in
            GroupSum(values: values, counts: groups.reduce(into: StoreTotals.Counts()) { $0.add($1.counts) })
        }
        let ranking = Ranking.largestFirst(sums.filter { measure.value(of: $0.counts) > 0 }, measure)
        let largest = ranking.prefix(ranking.count == most + 1 ? most + 1 : most).map(\.values)
        var series = largest.map { Series($0, pieces.counts(groups[$0] ?? [])) }
        let rest = ranking.dropFirst(largest.count).flatMap { groups[$0.values] ?? [] }
        let others = Series(nil, pieces.counts(rest))
        if measure.value(of: others.sum) > 0 { series.append(others) }
        return series
    }
}

/// The pieces of time of a chart.
private struct Pieces {
    let first: Int64
    let step: Int64
    let count: Int

    private func place(_ second: Int64) -> Int? {
        let place = Int((second - first).floorDivided(by: step))
        return (0..<count).contains(place) ? place : nil
    }

    func counts(_ groups: [StoreTotals.Group]) -> [StoreTotals.Counts] {
        var counts = [StoreTotals.Counts](repeating: StoreTotals.Counts(), count: count)
        for group in groups {
            if let place = group.bucket.flatMap(place) { counts[place].add(group.counts) }
        }
        return counts
    }

    func overflow(_ windows: [Timeline.MeasuredWindow]) -> [UInt64] {
        var packets = [UInt64](repeating: 0, count: count)
        for window in windows {
            if let place = place(window.start) { packets[place] += window.overflowPackets }
        }
        return packets
    }

    /// Seconds that lie in at least one window.
    func measuredSeconds(_ windows: [Timeline.MeasuredWindow]) -> [Int64] {
        var seconds = [Int64](repeating: 0, count: count)
        var done = first
        for window in windows.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            var from = max(window.start, done)
            while from < window.end, let place = place(from) {
                let until = min(window.end, first + Int64(place + 1) * step)
                seconds[place] += until - from
                from = until
            }
            done = max(done, window.end)
        }
        return seconds
    }

    func coverage(
        _ measured: [Int64], _ windows: [Timeline.MeasuredWindow], end: Int64
    ) -> [Timeline.Coverage] {
        let longest = windows.map { $0.end - $0.start }.max() ?? 0
        let newest = windows.map(\.end).max() ?? .min
        // A window is stored some seconds after its end; and the one that follows is open.
        let isGoingOn = newest > .min && end - newest <= 2 * longest + 10
        return measured.indices.map { place in
            let from = first + Int64(place) * step
            let length = min(step, end - from)
            if isGoingOn, from + length > newest { return measured[place] > 0 ? .part : .pending }
            return measured[place] == 0 ? .none : measured[place] < length ? .part : .whole
        }
    }
}
