// SPDX-License-Identifier: Apache-2.0

import TapService
import Testing

/// What is left to each session of a destination and of the host.
@Suite struct TapBudgetTests {
    @Test(
        arguments: [
            (100, [10, 20, 30], [10, 20, 30]), (100, [50, 50, 50], [33, 33, 34]), (100, [10, 80, 80], [10, 45, 45]),
            (100, [0, 200, 40], [0, 60, 40]), (0, [5, 5], [0, 0]), (100, [], []), (100, [1000], [100]),
        ] as [(UInt64, [UInt64], [UInt64])])
    func `shares are max-min fair`(capacity: UInt64, demands: [UInt64], shares: [UInt64]) {
        #expect(TapShares.maxMin(capacity, among: demands) == shares)
    }

    @Test func `of a thousand random cases each is fair, and sums are exact`() {
        var random = Generator()
        for _ in 0..<1000 {
            let demands = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                UInt64.random(in: 0...1000, using: &random)
            }
            let capacity = UInt64.random(in: 0...8000, using: &random)
            let shares = TapShares.maxMin(capacity, among: demands)
            #expect(shares.reduce(0, +) == min(capacity, demands.reduce(0, +)))
            #expect(zip(shares, demands).allSatisfy { $0 <= $1 })
            // One that wants more has no less than any other, but for the rounding of one unit.
            for (share, demand) in zip(shares, demands) where share < demand {
                #expect(shares.allSatisfy { $0 <= share + 1 })
            }
            let roomy = TapShares.withRoom(capacity, among: demands)
            #expect(roomy.reduce(0, +) <= capacity)
            #expect(capacity - roomy.reduce(0, +) < UInt64(demands.count))
            #expect(zip(roomy, demands).allSatisfy { share, _ in share >= capacity / UInt64(demands.count) / 10 })
        }
    }

    /// SplitMix64, from one seed.
    private struct Generator: RandomNumberGenerator {
        private var state: UInt64 = 18

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
    }

    private static func demand(
        _ session: String, _ service: String?, _ bytes: UInt64, packets: UInt64 = 0, isRemote: Bool = false
    ) -> TapBudget.Demand {
        TapBudget.Demand(
            session: session, service: service, isRemote: isRemote, packetsPerSecond: packets, bytesPerSecond: bytes)
    }

    @Test func `without limits there is no budget`() {
        #expect(TapBudget().rates(for: [Self.demand("a", "s", 5)]) == ["a": TapRate()])
    }

    @Test func `a destination's limit is shared among its own sessions alone`() {
        var budget = TapBudget()
        budget.limits = ["s": TapRate(packetsPerSecond: 30, bytesPerSecond: 1000)]
        let rates = budget.rates(for: [
            Self.demand("a", "s", 5000, packets: 100), Self.demand("b", "s", 5000, packets: 10),
            Self.demand("c", "t", 5000),
        ])
        #expect(rates["a"] == TapRate(packetsPerSecond: 20, bytesPerSecond: 500))
        #expect(rates["b"] == TapRate(packetsPerSecond: 10, bytesPerSecond: 500))
        #expect(rates["c"] == TapRate())
    }

    @Test func `an idle session leaves its share to others, and finds room when it begins`() {
        var budget = TapBudget()
        budget.limits = ["s": TapRate(bytesPerSecond: 1000)]
        let rates = budget.rates(for: [Self.demand("busy", "s", 100_000), Self.demand("idle", "s", 0)])
        #expect(rates["busy"]?.bytesPerSecond == 950 && rates["idle"]?.bytesPerSecond == 50)
    }

    @Test func `the host's budget is shared among sessions to other hosts, by what their destinations leave them`() {
        var budget = TapBudget()
        budget.limits = ["s": TapRate(bytesPerSecond: 100)]
        budget.hostBytesPerSecond = 1000
        let rates = budget.rates(for: [
            Self.demand("small", "s", 5000, isRemote: true), Self.demand("large", "t", 5000, isRemote: true),
            Self.demand("local", "u", 5000),
        ])
        #expect(rates["small"]?.bytesPerSecond == 100 && rates["large"]?.bytesPerSecond == 900)
        #expect(rates["local"] == TapRate())
    }

    @Test func `the host's budget is a share of what production leaves free`() {
        #expect(TapBudget.free(ofBytesPerSecond: 1000, production: 400, share: 0.5) == 300)
        #expect(TapBudget.free(ofBytesPerSecond: 1000, production: 4000, share: 0.5) == 0)
    }
}
