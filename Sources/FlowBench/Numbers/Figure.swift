// SPDX-License-Identifier: Apache-2.0

/// What a report keeps of samples.
package struct Figure: Codable, Equatable, Sendable {
    package let median: Double
    package let lowerQuartile: Double
    package let upperQuartile: Double
    package let rounds: Int

    package init(median: Double, lowerQuartile: Double, upperQuartile: Double, rounds: Int) {
        self.median = Self.rounded(median)
        self.lowerQuartile = Self.rounded(lowerQuartile)
        self.upperQuartile = Self.rounded(upperQuartile)
        self.rounds = rounds
    }

    enum CodingKeys: String, CodingKey {
        case median
        case lowerQuartile = "lower_quartile"
        case upperQuartile = "upper_quartile"
        case rounds
    }

    /// More digits than these are noise.
    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
