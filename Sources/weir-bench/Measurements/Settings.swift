// SPDX-License-Identifier: Apache-2.0

import FlowBench

/// How much is measured.
struct Settings {
    let isQuick: Bool
    /// What every run is pinned to.
    let cpu: Int
    /// An odd number: the median is one that was measured.
    var rounds: Int { isQuick ? 7 : 15 }
    /// Long enough that making the packet and the system call (microseconds) do not show.
    var packetsARun: Int { isQuick ? 1 << 20 : 1 << 22 }
    /// Of what is short: many short rounds are less disturbed by neighbours than a few long ones.
    var shortRounds: Int { 3 * rounds }
    var packetsAShortRun: Int { packetsARun / 4 }
    /// For the plot.
    var flowCounts: [Int] {
        let asked = Ratios.hotFlows + [Ratios.manyFlows, Ratios.mostFlows]
        return (isQuick ? asked : asked + [32, 8192, 262_144]).sorted()
    }
    /// Of a window of the store; an hour has 60.
    var storedRecords: Int { isQuick ? 58_000 : 1_160_000 }
    var swaps: Int { isQuick ? 50 : 200 }
    var ports: Int { isQuick ? 200 : 1000 }
    /// Of a hundred frames each.
    var tapTurns: Int { isQuick ? 301 : 1501 }

    /// Same packets in every run.
    static let seed: UInt64 = 2026
    /// The default; tables for fewer flows are made with it.
    static let usualBudget = 262_144
}
