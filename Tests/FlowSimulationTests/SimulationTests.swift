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
        #expect(Simulation.run(seed: 4811).violations == [])
    }

    /// Retention had put the sums of a window into the place of its flows, and the fsync of the hour's folder failed: the store's index had the
    /// window twice, and the merged hour its rows.
    @Test func `a window that lost its flows is merged once, also where the disk failed meanwhile`() {
        #expect(Simulation.run(seed: 58834).violations == [])
    }

    /// An exporter was killed after it had written a commit, and before it had waited for the disk; the next one gave the files their names, the
    /// host crashed, and the windows were published again.
    @Test func `a commit that was found is on the disk before its files get their names`() {
        #expect(Simulation.run(seed: 18540).violations == [])
    }

    /// Retention deleted a window whose segment had left the journal, though not on the disk; the host crashed, and the window was judged again.
    @Test func `the store forgets no window that a crash brings back to the journal`() {
        #expect(Simulation.run(seed: 24297).violations == [])
    }

    /// The daemon was killed after it had given a segment its name, and before it had waited for the disk; a sink took it, the host crashed, and
    /// the window was judged again.
    @Test func `a sink takes a window only once its name is on the disk`() {
        #expect(Simulation.run(seed: 31521).violations == [])
    }

    @Test func `a seed gives the same run again`() {
        let outcomes = (0..<2).map { _ in Simulation.run(seed: 3) }
        #expect(outcomes[0].digest == outcomes[1].digest && outcomes[0].windows == outcomes[1].windows)
    }

    /// The first seeds with which `tools/simulate --mutation NAME` finds them.
    @Test(
        arguments: [
            (Mutation.cursorBeforeAcknowledgement, 4), (.noSync, 4), (.judgedTwice, 1), (.mergeRemovesFirst, 375),
            (.uncountedRetention, 1),
        ] as [(Mutation, UInt64)])
    func `a fault that is built in on purpose is found`(mutation: Mutation, seed: UInt64) {
        #expect(!Simulation.run(seed: seed, mutation).violations.isEmpty)
    }
}
