// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Testing
import WeirDaemon

/// What comes of what several judges say.
struct JudgementTests {
    private static let rule = RuleName("web/1")

    @Test(
        arguments: [
            // Whoever stopped it knows; whoever let it through does not know what came after.
            ([.accept(.policy), .reject(.ovsMegaflow)], Verdict.reject(.ovsMegaflow)),
            ([.reject(.policy), .accept(.ovsMegaflow)], .reject(.policy)),
            ([.accept(.policy, rule: rule), .accept(.ovsMegaflow)], .accept(.ovsMegaflow)),
            ([.accept(.policy, rule: rule), nil], .accept(.policy, rule: rule)),
            ([nil, .mixed(.ovsMegaflow), .reject(.kernelDrop)], .mixed(.ovsMegaflow)),
            ([nil, nil], .unknown), ([], .unknown),
        ] as [([Verdict?], Verdict)])
    func theFirstNoIsTheVerdictElseTheLastYes(said: [Verdict?], verdict: Verdict) {
        var record = Self.record(.unknown)
        judge(&record, said)
        #expect(record.verdict == verdict)
    }

    @Test func whatWasSeenLeavingThroughItsPortIsThrough() {
        var record = Self.record(.accept(.observed))
        judge(&record, [.reject(.ovsMegaflow)])
        #expect(record.verdict == .accept(.observed))
    }

    @Test func whatStandsInForRecordsOfAnotherPortIsNotJudgedAgain() {
        var record = Self.record(.unknown)
        record.observedAt = Port(number: PortNumber(2), name: "tap2", role: .guest)
        judge(&record, [.reject(.ovsMegaflow)])
        #expect(record.verdict == .unknown)
    }

    private func judge(_ record: inout FlowRecord, _ said: [Verdict?]) {
        var judgement = Judgement(of: record.window, by: said.map(Judge.init))
        judgement.judge(&record)
    }

    static func record(_ verdict: Verdict, packets: UInt64 = 1) -> FlowRecord {
        let start = UnixTime(nanoseconds: 0)
        return FlowRecord(
            port: Port(number: PortNumber(1), name: "tap1", role: .guest),
            window: Window(
                number: 1, start: start, end: UnixTime(nanoseconds: 60_000_000_000), endReason: .activeTimeout),
            key: FlowKey(
                port: PortNumber(1), direction: .egress, transport: TransportNumber.tcp, source: IPAddress(v4: 1),
                destination: IPAddress(v4: 2)),
            count: PacketCount(packets: packets, octets: packets * 100), first: start, last: start, verdict: verdict)
    }
}

/// Says one thing of all records.
private struct Judge: VerdictJudge, WindowJudge {
    let verdict: Verdict?

    func judge(of window: Window) -> (any WindowJudge)? { self }

    func verdict(of record: borrowing FlowRecord) -> Verdict? { verdict }
}
