// SPDX-License-Identifier: Apache-2.0

import FlowStore
import FlowTestKit

/// What a seed decides at the start: sizes and limits, and what can go wrong.
struct SimulationPlan: Sendable {
    var events = 40
    var sinks = Sink.drawn
    var flows: UInt16 = 10
    /// Of the kernel's tables, in flows.
    var capacity = 16
    /// That the daemon merges at a time.
    var mostFlows = Int.max
    /// Bytes of windows that wait in the journal.
    var journalBound = Int64.max
    /// Rows of a row group.
    var groupRows = 64
    /// Of the sinks that write files.
    var publishPeriod = Duration.seconds(300)
    var fileSize: Int64 = 75_000_000
    var retention = StoreRetention(age: .seconds(1 << 40), bytes: .max)
    /// Of the wall clock at the start, after a full hour.
    var start = Duration.zero
    /// Of an event, that up to an hour goes by before it: then the hours before it can be merged.
    var pauses = 0.0
    /// Of an event, that an hour of the store is merged where it can be.
    var merges = 0.0
    /// What goes wrong with files while something does.
    var faults = SimulatedFaults()
    /// Of an event, that a process is killed in the middle of it.
    var kills = 0.0
    /// Of an event, that the host crashes in the middle of it.
    var crashes = 0.0
    /// Of an event, that the wall clock is stepped.
    var steps = 0.0
    /// Of a call of a sink, that its other end fails.
    var failingSinks = 0.0

    enum Sink: CaseIterable {
        case atLeastOnce, atMostOnce, files, parquet

        /// Those that seeds draw from.
        static let drawn: [Sink] = [.atLeastOnce, .atMostOnce, .files]
    }

    /// A quarter of the seeds have Parquet in the files that they draw. Nothing is drawn for that: what seeds have found stays theirs.
    mutating func chooseFormat(seed: UInt64) {
        guard seed % 4 == 2 else { return }
        sinks = sinks.map { $0 == .files ? .parquet : $0 }
    }

    /// Half of the seeds have each kind of fault, so that most runs have some and few have all.
    init(_ random: inout SplitMix64) {
        func sometimes<Value>(_ value: Value, else other: Value) -> Value {
            Bool.random(using: &random) ? value : other
        }
        events = .random(in: 4...18, using: &random)
        // To read a window costs more than all else.
        switch Int.random(in: 0..<5, using: &random) {
        case 0..<2: sinks = []
        case 2..<4: sinks = [Sink.drawn.randomElement(using: &random) ?? .files]
        default: break
        }
        let bytes = Int64.random(in: 12_000...60_000, using: &random)
        let age = Int64.random(in: 60...1200, using: &random)
        retention.bytes = sometimes(bytes, else: .max)
        if Int.random(in: 0..<4, using: &random) == 0 { retention.age = .seconds(age) }
        start = .seconds(.random(in: 0..<3600, using: &random))
        if Bool.random(using: &random) { (pauses, merges) = (0.15, 0.7) }
        flows = .random(in: 3...14, using: &random)
        capacity = .random(in: 8...24, using: &random)
        mostFlows = sometimes(.random(in: 3...8, using: &random), else: .max)
        journalBound = .random(in: 0..<4, using: &random) == 0 ? 6000 : .max
        groupRows = sometimes(8, else: 64)
        publishPeriod = sometimes(.seconds(60), else: .seconds(300))
        fileSize = sometimes(600, else: 75_000_000)
        kills = sometimes(0.15, else: 0)
        crashes = sometimes(0.06, else: 0)
        steps = sometimes(0.05, else: 0)
        failingSinks = sometimes(0.3, else: 0)
        let room = Int.random(in: 4000...40_000, using: &random)
        faults.room = sometimes(room, else: .max)
        faults.failedWrites = sometimes(0.01, else: 0)
        faults.shortWrites = sometimes(0.05, else: 0)
        faults.failedSyncs = sometimes(0.02, else: 0)
        faults.failedReads = sometimes(0.01, else: 0)
        faults.failedNames = sometimes(0.02, else: 0)
    }
}
