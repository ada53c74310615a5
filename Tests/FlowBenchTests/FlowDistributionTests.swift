// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowTestKit
import Testing

@Suite struct FlowDistributionTests {
    @Test func uniformGivesEveryFlowAsManyPackets() {
        var generator = SplitMix64(seed: 1)
        let sequence = FlowDistribution.uniform.sequence(packets: 4000, flows: 1000, using: &generator)
        let counts = Dictionary(grouping: sequence) { $0 }.mapValues(\.count)
        #expect(counts.count == 1000 && counts.values.allSatisfy { $0 == 4 })
        #expect(sequence != sequence.sorted())
    }

    /// The harmonic number of 4 is 25/12.
    @Test(arguments: [(0, 0.48), (1, 0.24), (2, 0.16), (3, 0.12)])
    func zipfGivesRanksTheirShareOfTheHarmonicNumber(rank: Int, share: Double) {
        #expect(abs(ZipfLaw(ranks: 4).share(of: rank) - share) < 1e-12)
    }

    @Test func drawsFollowTheLaw() {
        var generator = SplitMix64(seed: 2)
        let packets = 100_000
        let sequence = FlowDistribution.zipf.sequence(packets: packets, flows: 1000, using: &generator)
        let law = ZipfLaw(ranks: 1000)
        for rank in [0, 1, 9, 99] {
            let expected = law.share(of: rank) * Double(packets)
            let drawn = Double(sequence.count { $0 == UInt32(rank) })
            // Six standard deviations of a binomial.
            #expect(abs(drawn - expected) < 6 * expected.squareRoot(), "rank \(rank)")
        }
        #expect(sequence.allSatisfy { $0 < 1000 })
    }

    @Test func oneFlowIsAlwaysTheSame() {
        var generator = SplitMix64(seed: 3)
        for distribution in FlowDistribution.allCases {
            #expect(distribution.sequence(packets: 3, flows: 1, using: &generator) == [0, 0, 0])
        }
    }
}
