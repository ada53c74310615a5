// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowTestKit

/// Nanoseconds a packet that is the first of its flow, until a table is full. At the TC hook.
///
/// Of what can be emptied only: nobody knows how to empty a program that the operator names.
struct InsertMeasurement: ~Copyable {
    private let flows = Settings.usualBudget
    private var sequence: FlowSequence
    private var fresh: [String: Samples] = [:]
    private var used: [String: Samples] = [:]

    init() throws {
        sequence = try FlowSequence(room: flows)
        var generator = SplitMix64(seed: Settings.seed)
        sequence.fill(FlowDistribution.uniform.sequence(packets: flows, flows: flows, using: &generator))
    }

    /// Tables that were just made are one thing, those that have been emptied another: a hash table gives out the
    /// memory of deleted entries in any order. Each round makes new tables and fills them three times: an engine has two
    /// generations, of which the second is new as well.
    mutating func figures(rounds: Int) throws -> (fresh: [FlowsFigure], used: [FlowsFigure]) {
        for round in 0..<rounds {
            var tables: [any Subject] = [try ReferenceSubject(roomFor: flows)]
            for engine in Engine.allCases { tables.append(try EngineSubject(engine, roomFor: flows)) }
            Self.add(try fill(tables, round), to: &fresh)
            _ = try fill(tables, round)
            Self.add(try fill(tables, round), to: &used)
        }
        return (figures(of: fresh), figures(of: used))
    }

    /// Fills the tables, and empties them.
    private func fill(_ tables: [any Subject], _ round: Int) throws -> [String: Samples] {
        var lanes = try Lanes(tables, .ipv4, sequence, only: .tc)
        try lanes.measure(round: round, packets: flows, leadIn: 0, sequence)
        try lanes.empty()
        var samples: [String: Samples] = [:]
        for lane in lanes.all { samples[lane.subject.name] = lanes.net(of: lane) }
        return samples
    }

    private static func add(_ round: [String: Samples], to all: inout [String: Samples]) {
        for (name, samples) in round {
            for value in samples.values { all[name, default: Samples()].append(value) }
        }
    }

    private func figures(of samples: [String: Samples]) -> [FlowsFigure] {
        let names = [BenchProgram.reference.rawValue] + Engine.allCases.map(\.rawValue)
        return names.compactMap { name in
            samples[name].map { FlowsFigure(subject: name, flows: flows, nanoseconds: $0.figure) }
        }
    }
}
