// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit

/// Nanoseconds a packet that is the first of its flow, until a table is full. At the TC hook.
///
/// A program that the operator names is emptied by deleting all keys of its hash tables; one that does not keep every flow
/// has no figure.
struct InsertMeasurement: ~Copyable {
    private let flows = Settings.usualBudget
    private let foreign: [ForeignProgram]
    private var sequence: FlowSequence
    private var fresh: [String: Samples] = [:]
    private var used: [String: Samples] = [:]
    /// Programs that do not keep every flow.
    private var partial: Set<String> = []

    init(foreign: [ForeignProgram]) throws {
        self.foreign = foreign
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
            tables += try ForeignSubject.all(foreign, roomFor: flows).filter { $0.types == [.tc] }
            let new = try fill(tables, round)
            _ = try fill(tables, round)
            let emptied = try fill(tables, round)
            Self.add(new, to: &fresh)
            Self.add(emptied, to: &used)
        }
        for name in partial { (fresh[name], used[name]) = (nil, nil) }
        return (figures(of: fresh), figures(of: used))
    }

    /// Fills the tables, and empties them.
    private mutating func fill(_ tables: [any Subject], _ round: Int) throws -> [String: Samples] {
        var lanes = try Lanes(tables, .ipv4, sequence, only: .tc)
        try lanes.measure(round: round, packets: flows, leadIn: 0, sequence)
        var samples: [String: Samples] = [:]
        for lane in lanes.all {
            if let foreign = lane.subject as? ForeignSubject { try note(foreign) }
            if !partial.contains(lane.subject.name) { samples[lane.subject.name] = lanes.net(of: lane) }
        }
        try lanes.empty()
        return samples
    }

    /// Says once of a program that it does not keep every flow.
    private mutating func note(_ subject: ForeignSubject) throws {
        let kept = try subject.newFlows()
        guard kept < flows, partial.insert(subject.name).inserted else { return }
        Progress.say("\(subject.name) keeps \(kept) of \(flows) new flows: it has no figure")
    }

    private static func add(_ round: [String: Samples], to all: inout [String: Samples]) {
        for (name, samples) in round {
            for value in samples.values { all[name, default: Samples()].append(value) }
        }
    }

    private func figures(of samples: [String: Samples]) -> [FlowsFigure] {
        let ours = [BenchProgram.reference.rawValue] + Engine.allCases.map(\.rawValue)
        let names = ours + samples.keys.filter { !ours.contains($0) && $0 != BenchProgram.empty.rawValue }.sorted()
        return names.compactMap { name in
            samples[name].map { FlowsFigure(subject: name, flows: flows, nanoseconds: $0.figure) }
        }
    }
}
