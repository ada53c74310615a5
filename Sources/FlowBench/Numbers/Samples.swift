// SPDX-License-Identifier: Apache-2.0

/// What was measured round by round.
package struct Samples: Equatable, Sendable {
    package private(set) var values: [Double]

    package init(_ values: [Double] = []) { self.values = values }

    package mutating func append(_ value: Double) { values.append(value) }

    /// Round by round, this less the other: what both have in a round, such as a busy neighbour, cancels out.
    package static func - (left: Self, right: Self) -> Self {
        precondition(left.values.count == right.values.count)
        return Samples(zip(left.values, right.values).map { $0 - $1 })
    }

    /// The value that the fraction of all lies below, on a straight line between neighbours (Hyndman and Fan's type 7).
    package func quantile(_ fraction: Double) -> Double {
        precondition(!values.isEmpty && (0...1).contains(fraction))
        let sorted = values.sorted()
        let position = fraction * Double(sorted.count - 1)
        let below = Int(position)
        guard below + 1 < sorted.count else { return sorted[below] }
        return sorted[below] + (position - Double(below)) * (sorted[below + 1] - sorted[below])
    }

    package var median: Double { quantile(0.5) }

    package var figure: Figure {
        Figure(median: median, lowerQuartile: quantile(0.25), upperQuartile: quantile(0.75), rounds: values.count)
    }
}
