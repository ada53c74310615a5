// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Testing

@Suite struct VerdictCountsTests {
    /// What a window of these records counts, of one packet each.
    private static func counts(_ verdicts: [Verdict]) -> VerdictCounts {
        var judgement = JudgeChain().judgement(of: .sample)
        for verdict in verdicts {
            var record = FlowRecord.sample(verdict)
            judgement.judge(&record)
        }
        return judgement.counts
    }

    @Test func `causes are told apart by their texts, whichever objects hold them`() {
        let counts = Self.counts([
            .reject(.policy, reason: .policy, rule: RuleName("a")),
            .reject(.policy, reason: .policy, rule: RuleName("a")),
            .reject(.policy, reason: .policy, rule: RuleName("b")), .reject(.ovsMegaflow, rule: RuleName("a")),
        ])
        #expect(counts.rejected.count == 3)
        let cause = VerdictCounts.Cause(source: .policy, rule: "a", reason: "policy")
        #expect(counts.rejected[cause]?.records == 2)
        #expect(counts.rejectedInAll == VerdictCounts.Count(records: 4, packets: 4, bytes: 400))
    }

    @Test func `what the policy drops is counted for its port and direction`() {
        var sum = VerdictCounts()
        for ruling in [Ruling.drop, .reject, .accept, .drop] {
            var judgement = JudgeChain().judgement(of: .sample)
            var record = FlowRecord.sample(.reject(.policy))
            record.key.ruling = ruling
            for direction in [Direction.ingress, .ingress, .egress] {
                record.key.direction = direction
                judgement.judge(&record)
            }
            sum.add(judgement.counts)
        }
        #expect(sum.dropped.count == 1)
        let dropped = sum.dropped[FlowRecord.sample(.unknown).key.port]
        #expect(dropped?.ingress == 4 && dropped?.egress == 2)
    }

    @Test func `windows add up`() {
        var sum = Self.counts([.accept(.observed), .mixed(.kernelDrop), .unknown, .reject(.policy, reason: .policy)])
        sum.add(Self.counts([.accept(.ovsMegaflow), .reject(.policy, reason: .policy)]))
        #expect([sum.accepted, sum.mixed, sum.unknown].map(\.records) == [2, 1, 1])
        #expect(sum.rejected.values.map(\.records) == [2])
    }

    @Test func `more causes than a metric may have are counted as others of their source`() {
        var sum = VerdictCounts()
        for first in [0, 700] {
            sum.add(Self.counts((first..<first + 700).map { .reject(.policy, rule: RuleName("r\($0)")) }))
        }
        #expect(sum.rejectedInAll.records == 1400)
        let others = VerdictCounts.Cause(source: .policy, rule: VerdictCounts.otherRules, reason: nil)
        #expect(sum.rejected.count == 1001 && sum.rejected[others]?.records == 400)
    }

    @Test func `a report names what said no, the most packets first`() {
        let report = VerdictReport(
            Self.counts([
                .reject(.policy, reason: .policy, rule: RuleName("b")), .reject(.kernelDrop, reason: "QDISC_DROP"),
                .reject(.policy, reason: .policy, rule: RuleName("b")), .reject(.ovsMegaflow), .accept(.observed),
            ]))
        #expect(report.rejections.map(\.name) == ["b", "QDISC_DROP", "ovs-megaflow"])
        #expect(report.rejections.map(\.source) == ["policy", "kernel-drop", "ovs-megaflow"])
        #expect(report.rejected.records == 4 && report.accepted.records == 1)
    }
}
