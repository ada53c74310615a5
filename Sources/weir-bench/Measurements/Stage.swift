// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import Host

/// Tables with room for so many flows, and everything that is compared on them.
final class Stage {
    let settings: Settings
    let room: Int
    let engines: [EngineSubject]
    let reference: ReferenceSubject
    private let sampled: EngineSubject
    private let unwanted: EngineSubject
    private let parser: PlainSubject
    private let floor: CacheMissSubject
    private let foreign: [ForeignSubject]
    private var sequence: FlowSequence
    private var generator = SplitMix64(seed: Settings.seed)

    init(_ settings: Settings, roomFor flows: Int, foreign: [ForeignSubject]) throws {
        self.settings = settings
        self.foreign = foreign
        room = flows
        parser = try PlainSubject(.parseOnly, types: [.tc, .xdpFrags])
        engines = try Engine.allCases.map { engine in try EngineSubject(engine, roomFor: flows) }
        reference = try ReferenceSubject(roomFor: flows)
        sampled = try EngineSubject(.standard, roomFor: flows, sampling: 400)
        unwanted = try EngineSubject(.standard, roomFor: flows, session: EngineSubject.idleSession)
        floor = try CacheMissSubject(roomFor: flows)
        sequence = try FlowSequence(room: max(settings.packetsARun, flows))
    }

    /// What keeps flows and can be emptied.
    private var tables: [any Subject] { [reference] + engines }

    private var all: [any Subject] { [parser] + tables + [sampled, unwanted] + foreign }
}

extension Stage {
    /// Nanoseconds a packet of every subject at every hook.
    func packets(
        _ form: FrameForm, flows: Int, _ distribution: FlowDistribution
    ) throws -> [PacketFigure] {
        let isShort = flows < Ratios.manyFlows
        let packets = isShort ? settings.packetsAShortRun : settings.packetsARun
        floor.prepare(flows: flows, using: &generator)
        var lanes = try Lanes(distribution == .uniform ? all + [floor] : all, form, sequence)
        fill(packets: flows, flows: flows, .uniform)
        try lanes.warm(packets: flows, sequence)
        for subject in foreign {
            let kept = try subject.keptFlows()
            if kept < flows { Progress.say("\(subject.name) keeps \(kept) of \(flows) flows") }
        }
        fill(packets: packets, flows: flows, distribution)
        // The lane before has taken the caches: what fits into them is fetched before the clock starts.
        let leadIn = flows <= Ratios.manyFlows ? flows : 0
        for round in 0..<(isShort ? settings.shortRounds : settings.rounds) {
            try lanes.measure(round: round, packets: packets, leadIn: leadIn, sequence)
        }
        try lanes.empty()
        return lanes.all.map { lane in
            PacketFigure(
                subject: lane.subject.name, hook: lane.type.rawValue, frame: form.name, flows: flows,
                distribution: distribution, net: lanes.net(of: lane).figure, gross: lane.samples.figure)
        }
    }

    /// Nanoseconds a flow to read tables at rest that hold that many flows.
    func drains(flows: Int) throws -> [FlowsFigure] {
        var lanes = try Lanes(tables, .ipv4, sequence, only: .tc)
        fill(packets: flows, flows: flows, .uniform)
        try lanes.warm(packets: flows, sequence)
        let closed = try engines.map { try $0.closeWindow() }
        var samples = Array(repeating: Samples(), count: tables.count)
        for _ in 0..<settings.rounds {
            samples[0].append(try time(flows) { try reference.sum().flows })
            for (index, engine) in engines.enumerated() {
                samples[index + 1].append(try time(flows) { try engine.drain(closed[index]).flows })
            }
        }
        for (engine, window) in zip(engines, closed) { try engine.release(window) }
        try lanes.empty()
        return zip(tables, samples).map { table, samples in
            FlowsFigure(subject: table.name, flows: flows, nanoseconds: samples.figure)
        }
    }

    /// Of a drain that returns how many flows it read.
    private func time(_ flows: Int, _ drain: () throws -> Int) throws -> Double {
        var drained = 0
        let time = try ThreadCPU.time { drained = try drain() }
        guard drained == flows else {
            throw BenchFailure(
                description: "a drain found \(drained) of \(flows) flows: its figure would mean nothing")
        }
        return time / .nanoseconds(flows)
    }

    private func fill(packets: Int, flows: Int, _ distribution: FlowDistribution) {
        sequence.fill(distribution.sequence(packets: packets, flows: flows, using: &generator))
    }
}
