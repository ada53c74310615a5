// SPDX-License-Identifier: Apache-2.0

import FlowSimulation
import Testing

/// A share of the seeds that `tools/simulate` runs in a release build.
@Suite struct SimulationTests {
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `all that was counted is in the store once, and in each sink as it promises`(seed: UInt64) {
        #expect(Simulation.run(seed: seed).violations == [])
    }

    /// A daemon was killed after it had written a part of a window, and before it had waited for the disk; the next one took the part for
    /// safe, let the kernel forget it, and the host crashed.
    @Test func `a part that was found in the journal is on the disk before the kernel forgets it`() {
        #expect(Simulation.run(seed: 1975).violations == [])
    }

    @Test func `a seed gives the same run again`() {
        let outcomes = (0..<2).map { _ in Simulation.run(seed: 3) }
        #expect(outcomes[0].digest == outcomes[1].digest && outcomes[0].windows == outcomes[1].windows)
    }

    /// The first seeds with which `tools/simulate --mutation NAME` finds them.
    @Test(
        arguments: [
            (Mutation.cursorBeforeAcknowledgement, 6), (.noSync, 20), (.judgedTwice, 1),
        ] as [(Mutation, UInt64)])
    func `a fault that is built in on purpose is found`(mutation: Mutation, seed: UInt64) {
        #expect(!Simulation.run(seed: seed, mutation).violations.isEmpty)
    }
}
