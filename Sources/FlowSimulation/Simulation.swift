// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Synchronization

/// A run of a simulated host, from one seed: traffic, windows, kills, crashes, full disks, slow and failing sinks; then calm; then checks.
package enum Simulation {
    package struct Outcome: Sendable {
        /// What was found to be wrong.
        package var violations: [String] = []
        /// Equal where two runs were.
        package var digest: UInt64 = 0
        /// Windows that the store had.
        package var windows = 0
        /// Windows that lost their flows, and windows that went, for their age or for the store's size.
        package var shortened = 0
        package var expired = 0
        package var merges = 0
        /// Processes that died, by a kill or with the host.
        package var deaths = 0
        package var crashes = 0

        package init() {}

        /// Adds the counts of another run.
        package mutating func add(_ other: Self) {
            windows += other.windows
            shortened += other.shortened
            expired += other.expired
            merges += other.merges
            deaths += other.deaths
            crashes += other.crashes
        }
    }

    /// - Parameter isTraced: whether it prints what happens.
    package static func run(seed: UInt64, _ mutation: Mutation? = nil, isTraced: Bool = false) -> Outcome {
        let numbers = RandomNumbers(seed: ~seed)
        return RandomBits.$source.withValue(numbers) {
            let host = SimulatedHost(seed: seed, mutation, isTraced: isTraced)
            for _ in 0..<host.plan.events { host.turn() }
            let isDone = host.calmDown()
            return outcome(of: host, isDone: isDone)
        }
    }

    private static func outcome(of host: SimulatedHost, isDone: Bool) -> Outcome {
        var outcome = Outcome()
        let stored = StoredWindows(of: host)
        outcome.violations = host.history.violations + stored.violations
        if !isDone { outcome.violations.append("not all has arrived although nothing fails any more") }
        outcome.violations += StoreCheck.violations(host, stored) + SinkCheck.violations(host, stored)
        outcome.digest = host.disk.digest
        outcome.windows = stored.rows.count
        outcome.shortened = host.history.shortened
        outcome.expired = host.history.expired
        outcome.merges = host.history.merges.count
        outcome.deaths = host.deaths
        outcome.crashes = host.kernels.count - 1
        return outcome
    }
}

/// For names and hashes of the code under test.
private final class RandomNumbers: RandomBits.Source {
    private let generator: Mutex<SplitMix64>

    init(seed: UInt64) { generator = Mutex(SplitMix64(seed: seed)) }

    func next() -> UInt64 { generator.withLock { $0.next() } }
}
