// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import FlowVerdict

/// What a policy costs, over the number of masks that its rules have: the same packets with one and without, side by side.
///
/// The rule that allows the flows has a mask of its own and comes last, so that a search goes through all; it is stateful, so
/// that each flow makes a connection: so few in all that they find room.
struct PolicyMeasurement {
    private static let masks = [1, 2, 4, 16, 64, 256]
    private static let rules = 10_000
    /// New in each round, of which there are so many at most.
    private static let newFlows = 1024
    private static let mostRounds = 24
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    func figures() throws -> [PolicyFigure] { try Self.masks.map(figure) }

    private func figure(_ masks: Int) throws -> PolicyFigure {
        let policy = Self.policy(masks: masks)
        let subjects = [
            try EngineSubject(.line, roomFor: Self.newFlows),
            try EngineSubject(.line, roomFor: Self.newFlows, policy: policy),
        ]
        return PolicyFigure(
            masks: masks, rules: Self.rules, firstPacket: try firstPackets(subjects).figure,
            laterPackets: try laterPackets(subjects).figure)
    }

    private func firstPackets(_ subjects: [EngineSubject]) throws -> Samples {
        var sequence = try FlowSequence(room: Self.newFlows)
        var more = Samples()
        for round in 0..<min(settings.shortRounds, Self.mostRounds) {
            let first = UInt32((round + 1) * Self.newFlows)
            sequence.fill((0..<UInt32(Self.newFlows)).map { first + $0 })
            var lanes = try Lanes(subjects, .ipv4, sequence, only: .tc)
            try lanes.measure(round: round, packets: Self.newFlows, leadIn: 0, sequence)
            for value in Self.difference(lanes).values where round > 0 { more.append(value) }
            try lanes.empty()
        }
        return more
    }

    private func laterPackets(_ subjects: [EngineSubject]) throws -> Samples {
        let flows = Ratios.hotFlows[1]
        var sequence = try FlowSequence(room: settings.packetsAShortRun)
        var generator = SplitMix64(seed: Settings.seed)
        sequence.fill(
            FlowDistribution.uniform.sequence(packets: settings.packetsAShortRun, flows: flows, using: &generator))
        var lanes = try Lanes(subjects, .ipv4, sequence, only: .tc)
        try lanes.warm(packets: flows, sequence)
        for round in 0..<settings.shortRounds {
            try lanes.measure(round: round, packets: settings.packetsAShortRun, leadIn: flows, sequence)
        }
        try lanes.empty()
        return Self.difference(lanes)
    }

    /// Round by round, the policy's lane less the plain one.
    private static func difference(_ lanes: borrowing Lanes) -> Samples {
        let own = lanes.all.suffix(2)
        return own[own.endIndex - 1].samples - own[own.startIndex].samples
    }

    /// Rules that compare both addresses to lengths of their own, and match nothing that is sent; and one that allows all.
    static func policy(masks: Int) -> KernelPolicy {
        var generator = SplitMix64(seed: Settings.seed)
        let others = masks > 1 ? rules - 1 : 0
        let some = (0..<others).map { number in
            let place = number % (masks - 1)
            func ones(_ length: Int) -> UInt64 { UInt64((UInt32.max << UInt32(32 - length)).bigEndian) }
            let (source, destination) = (ones(17 + place % 16), ones(12 + place / 16))
            func address() -> UInt64 {
                UInt64((0xAC10_0000 | UInt32.random(in: 0...0xFFFFF, using: &generator)).bigEndian)
            }
            return PolicyRule(
                key: PolicyKey(words: (address() & source, 0, address() & destination, 0, 0, last)),
                mask: PolicyKey(words: (source, 0, destination, 0, 0, ofLast)), priority: 1 + place, action: .deny,
                number: 1)
        }
        let allow = PolicyRule(
            key: PolicyKey(words: (0, 0, 0, 0, 0, last)), mask: PolicyKey(words: (0, 0, 0, 0, 0, ofLast)), priority: 0,
            action: .allow, number: 2)
        return KernelPolicy(rules: some + [allow])
    }

    /// Set 1, egress, IPv4.
    private static let last = 1 | UInt64(PolicyKey.egress) << 24
    private static let ofLast = 0xFFFF | UInt64(PolicyKey.ipv6 | PolicyKey.egress) << 24
}
