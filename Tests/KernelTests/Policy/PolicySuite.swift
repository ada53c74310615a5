// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import FlowVerdict
import Testing

/// What the kernel says of flows, against what the rules say.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct PolicySuite {
    /// Fewer in a machine that is emulated.
    static let flows = KernelAccess.isSecondKernel ? 500 : 10_000
    static let rules = KernelAccess.isSecondKernel ? 500 : 10_000

    /// Sends a packet of each flow and compares with the reference what becomes of it; what must be recorded is added.
    private func send(
        _ flows: [FlowKey], through port: borrowing JudgedPort, _ reference: inout PolicyReference,
        _ expected: inout [FlowKey: UInt64], accepted: inout [FlowKey: PolicyReference.Judgement]
    ) throws {
        var wrong: [String] = []
        for flow in flows {
            let judgement = accepted[flow] ?? reference.judge(flow)
            if judgement.ruling == .accept || judgement.ruling == .none { accepted[flow] = judgement }
            if try port.passes(flow) != (judgement.ruling != .drop) { wrong.append("\(flow): \(judgement)") }
            var recorded = flow
            (recorded.rule, recorded.ruling) = (judgement.rule, judgement.ruling)
            expected[recorded, default: 0] += 1
        }
        #expect(wrong.isEmpty, "\(wrong.count) of \(flows.count), as \(wrong.first ?? "")")
    }

    private func compare(_ recorded: FlowTable, _ expected: [FlowKey: UInt64]) {
        let counted = recorded.reduce(into: [FlowKey: UInt64]()) { $0[$1.key] = $1.value.count.packets }
        let different = Set(counted.keys).union(expected.keys).filter { counted[$0] != expected[$0] }
        #expect(
            different.isEmpty, "\(different.count) of \(expected.count), as \(different.first.map { "\($0)" } ?? "")")
    }

    @Test(arguments: [ProgramKind.tcFromPort, .xdpFromPort], FlowEngine.allCases)
    func tenThousandRulesSayInTheKernelWhatTheClassifierSays(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var port = try JudgedPort(kind, engine)
        var random = RandomPolicy(seed: 2026)
        let enforced = PortPolicy(set: RandomPolicy.set, mode: .enforce)
        var expected: [FlowKey: UInt64] = [:]
        var reference: PolicyReference?
        // The second takes the place of the first in the same window: what was accepted is judged anew.
        for (rules, masks) in [(Self.rules, 64), (Self.rules, 200)] {
            let policy = random.policy(rules: rules, masks: masks)
            try port.load(policy, enforced)
            var current = PolicyReference(classifier: policy, for: enforced)
            if var before = reference {
                before.change(to: current)
                current = before
            }
            var accepted: [FlowKey: PolicyReference.Judgement] = [:]
            try send(random.flows(Self.flows), through: port, &current, &expected, accepted: &accepted)
            // More would push each other out.
            #expect(current.connectionCount < 16_000)
            reference = current
        }
        let rulings = expected.reduce(into: [Ruling: UInt64]()) { $0[$1.key.ruling, default: 0] += $1.value }
        print("policy, \(kind), \(engine): \(rulings), \(reference?.connectionCount ?? 0) connections")
        #expect(rulings.keys.sorted { $0.rawValue < $1.rawValue } == [.none, .accept, .drop])
        compare(try port.takeFlows(), expected)
        #expect(try port.summary?.ruleCount == Self.rules + 2)
    }

    @Test(arguments: FlowEngine.allCases)
    func fewRulesSayWhatGoingThroughThemOneByOneSays(_ engine: FlowEngine) throws {
        for seed in 0..<4 as Range<UInt64> {
            var port = try JudgedPort(.tcFromPort, engine, flowBudget: 8192)
            var random = RandomPolicy(seed: seed)
            let policy = random.policy(rules: 60, masks: 20)
            let audited = PortPolicy(set: RandomPolicy.set, mode: .audit)
            try port.load(policy, audited)
            var reference = PolicyReference(linear: policy, for: audited)
            var expected: [FlowKey: UInt64] = [:]
            var accepted: [FlowKey: PolicyReference.Judgement] = [:]
            try send(random.flows(600), through: port, &reference, &expected, accepted: &accepted)
            compare(try port.takeFlows(), expected)
        }
    }
}
