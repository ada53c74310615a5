// SPDX-License-Identifier: Apache-2.0

import FlowBench
import Testing

@Suite struct SamplesTests {
    @Test func theMedianOfAnOddNumberIsTheOneInTheMiddle() {
        #expect(Samples([5, 1, 3]).median == 3)
        #expect(Samples([7]).median == 7)
    }

    @Test func theMedianOfAnEvenNumberLiesBetweenTwo() { #expect(Samples([4, 1, 2, 3]).median == 2.5) }

    /// R: quantile(c(1, 2, 4, 8, 16), c(.25, .75, .9)) is 2, 8, 12.8.
    @Test(arguments: [(0.0, 1.0), (0.25, 2), (0.75, 8), (0.9, 12.8), (1, 16)])
    func quantilesAreThoseOfR(fraction: Double, expected: Double) {
        #expect(abs(Samples([16, 1, 8, 2, 4]).quantile(fraction) - expected) < 1e-9)
    }

    @Test func aDifferenceIsTakenRoundByRound() {
        // A neighbour was busy in the second round, for both.
        let net = Samples([30, 90, 31]) - Samples([10, 70, 10])
        #expect(net.values == [20, 20, 21])
        #expect(net.figure == Figure(median: 20, lowerQuartile: 20, upperQuartile: 20.5, rounds: 3))
    }
}
