// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Testing

@Suite struct JudgeChainTests {
    private static let rule = RuleName("web/1")

    private static func verdict(of record: FlowRecord, by chain: JudgeChain) -> Verdict {
        var record = record
        var judgement = chain.judgement(of: record.window)
        judgement.judge(&record)
        return record.verdict
    }

    @Test(
        arguments: [
            // A judge that stopped the packets knows; one that let them through does not know what came after.
            ([.accept(.ovsMegaflow), .reject(.kernelDrop)], Verdict.reject(.kernelDrop)),
            ([.reject(.ovsMegaflow), .accept(.kernelDrop)], .reject(.ovsMegaflow)),
            ([.accept(.ovsMegaflow, rule: rule), .accept(.ovsTrace)], .accept(.ovsTrace)),
            ([.accept(.ovsMegaflow, rule: rule), nil], .accept(.ovsMegaflow, rule: rule)),
            ([nil, .mixed(.ovsMegaflow), .reject(.kernelDrop)], .mixed(.ovsMegaflow)),
            ([nil, .reject(.kernelDrop)], .reject(.kernelDrop)), ([nil, nil], .unknown), ([], .unknown),
        ] as [([Verdict?], Verdict)])
    func `the first no is the verdict, else the last yes`(said: [Verdict?], verdict: Verdict) {
        #expect(Self.verdict(of: .sample(), by: JudgeChain(then: said.map { FixedJudge($0) })) == verdict)
    }

    @Test func `no judge is asked after a no`() {
        let asked = Asked()
        let chain = JudgeChain(
            then: [
                FixedJudge(.accept(.ovsMegaflow), asked), FixedJudge(.reject(.ovsTrace), asked), FixedJudge(nil, asked),
            ])
        #expect(Self.verdict(of: .sample(), by: chain) == .reject(.ovsTrace))
        #expect(asked.count == 2)
    }

    @Test func `a judge that knows nothing of the window is passed over`() {
        let chain = JudgeChain(then: [AbsentJudge(), FixedJudge(.reject(.kernelDrop))])
        #expect(Self.verdict(of: .sample(), by: chain) == .reject(.kernelDrop))
    }

    @Test func `what was seen leaving through its port is through`() {
        let chain = JudgeChain(then: [FixedJudge(.reject(.ovsMegaflow))])
        #expect(Self.verdict(of: .sample(.accept(.observed)), by: chain) == .accept(.observed))
    }

    @Test func `what stands in for records of another port is not judged again`() {
        var record = FlowRecord.sample()
        record.observedAt = Port(number: PortNumber(2), name: "tap2", role: .guest)
        #expect(Self.verdict(of: record, by: JudgeChain(then: [FixedJudge(.reject(.ovsMegaflow))])) == .unknown)
    }

    /// The kernel's ruling, what was counted, what a judge further on says; and what comes of it.
    @Test(
        arguments: [
            (.none, .unknown, .accept(.ovsMegaflow), Verdict.accept(.ovsMegaflow)),
            (.accept, .unknown, nil, .accept(.policy, rule: RuleName("web/1"))),
            (.accept, .unknown, .accept(.ovsMegaflow), .accept(.ovsMegaflow)),
            (.accept, .unknown, .reject(.kernelDrop), .reject(.kernelDrop)),
            (.accept, .accept(.observed), .reject(.kernelDrop), .accept(.observed, rule: RuleName("web/1"))),
            (.reject, .unknown, .accept(.ovsMegaflow), reject(.policyAudit)),
            (.reject, .accept(.observed), nil, reject(.policyAudit)),
            (.drop, .unknown, .accept(.ovsMegaflow), reject(.policy)),
        ] as [(Ruling, Verdict, Verdict?, Verdict)])
    func `the policy is asked first, also of what was seen leaving`(
        ruling: Ruling, counted: Verdict, further: Verdict?, verdict: Verdict
    ) throws {
        var record = FlowRecord.sample(counted)
        record.key.ruling = ruling
        record.key.rule = 1
        let chain = JudgeChain(policy: PolicyJudge(try Self.book()), then: [FixedJudge(further)])
        #expect(Self.verdict(of: record, by: chain) == verdict)
    }

    private static func reject(_ reason: RejectReason) -> Verdict {
        .reject(.policy, reason: reason, rule: RuleName("web/1"))
    }

    /// Names rule 1 `web/1`.
    private static func book() throws -> RuleBook {
        let rule = SecurityGroupRule(name: "web/1", direction: .ingress)
        var compiler = PolicyCompiler(SecurityPolicy(groups: [SecurityGroup(name: "web", rules: [rule])]))
        _ = compiler.set(of: ["web"])
        var book = RuleBook()
        _ = try compiler.compile(numberingBy: &book)
        #expect(book.entries[1]?.name == "web/1")
        return book
    }

    @Test func `a rule that the book does not know has no name`() {
        var record = FlowRecord.sample()
        record.key.ruling = .drop
        record.key.rule = 9
        #expect(Self.verdict(of: record, by: JudgeChain()) == .reject(.policy, reason: .policy))
    }

    @Test func `each line is counted once, with the verdict that it has in the end`() {
        let chain = JudgeChain(then: [
            FixedJudge(.accept(.ovsMegaflow)), PortJudge(1, .reject(.kernelDrop, reason: "NETFILTER_DROP")),
            PortJudge(2, .mixed(.kernelDrop)),
        ])
        var judgement = chain.judgement(of: .sample)
        for (port, packets) in [(1, 3), (1, 4), (2, 5), (3, 6)] as [(UInt16, UInt64)] {
            var record = FlowRecord.sample(port: port, packets: packets)
            judgement.judge(&record)
        }
        judgement.count(
            UnparsedFrames(
                direction: .egress, reason: .malformed, count: PacketCount(packets: 2, octets: 120), verdict: .unknown,
                sample: nil))
        let counts = judgement.counts
        #expect(counts.accepted == VerdictCounts.Count(records: 1, packets: 6, bytes: 600))
        #expect(counts.mixed == VerdictCounts.Count(records: 1, packets: 5, bytes: 500))
        #expect(counts.unknown == VerdictCounts.Count(records: 1, packets: 2, bytes: 120))
        let cause = VerdictCounts.Cause(source: .kernelDrop, rule: nil, reason: "NETFILTER_DROP")
        #expect(counts.rejected == [cause: VerdictCounts.Count(records: 2, packets: 7, bytes: 700)])
    }
}

/// Says one thing of all records.
private struct FixedJudge: VerdictJudge, WindowJudge {
    let verdict: Verdict?
    let asked: Asked

    init(_ verdict: Verdict?, _ asked: Asked = Asked()) {
        self.verdict = verdict
        self.asked = asked
    }

    func judge(of window: Window) -> (any WindowJudge)? { self }

    func verdict(of record: borrowing FlowRecord) -> Verdict? {
        asked.note()
        return verdict
    }
}

/// Knows the records of one port.
private struct PortJudge: VerdictJudge, WindowJudge {
    let port: PortNumber
    let verdict: Verdict

    init(_ port: UInt16, _ verdict: Verdict) {
        self.port = PortNumber(port)
        self.verdict = verdict
    }

    func judge(of window: Window) -> (any WindowJudge)? { self }

    func verdict(of record: borrowing FlowRecord) -> Verdict? { record.port.number == port ? verdict : nil }
}

private struct AbsentJudge: VerdictJudge {
    func judge(of window: Window) -> (any WindowJudge)? { nil }
}
