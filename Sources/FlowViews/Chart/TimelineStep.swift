// SPDX-License-Identifier: Apache-2.0

/// How long the pieces of a chart are.
package enum TimelineStep {
    private static let nice: [Int64] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
        2_592_000, 31_536_000,
    ]

    /// The shortest length of a usual kind of which at most so many cover the time, and that no window is longer than.
    package static func automatic(from start: Int64, to end: Int64, atMost count: Int, longestWindow: Int64) -> Int64 {
        nice.first { step in
            step >= longestWindow && Timeline.count(from: start, to: end, step) <= max(1, count)
        } ?? nice[nice.count - 1]
    }

    /// How many pieces lie between two times under the axis: a usual time, and no fewer than that.
    static func labelled(_ step: Int64, atLeast count: Int) -> Int64 {
        nice.first { $0.isMultiple(of: step) && $0 / step >= count }.map { $0 / step } ?? Int64(max(1, count))
    }

    /// `90s`, `5m`, `2h`, `1d`, as `--every` takes it.
    package static func text(_ seconds: Int64) -> String {
        for (unit, length) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)] where seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
