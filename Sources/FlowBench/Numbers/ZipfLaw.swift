// SPDX-License-Identifier: Apache-2.0

/// Zipf's law with exponent 1 over finitely many ranks, counted from 0.
package struct ZipfLaw: Sendable {
    /// The probability of this rank or one before it.
    private let cumulative: [Double]

    package init(ranks: Int) {
        precondition(ranks > 0)
        var sum = 0.0
        let sums = (1...ranks).map { rank in
            sum += 1 / Double(rank)
            return sum
        }
        cumulative = sums.map { $0 / sum }
    }

    /// The share of all that a rank has.
    package func share(of rank: Int) -> Double {
        rank == 0 ? cumulative[0] : cumulative[rank] - cumulative[rank - 1]
    }

    /// Draws a rank: the first whose cumulative probability is beyond a random number.
    package func rank(using generator: inout some RandomNumberGenerator) -> Int {
        let point = Double.random(in: 0..<1, using: &generator)
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > point { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
