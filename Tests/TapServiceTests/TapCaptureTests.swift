// SPDX-License-Identifier: Apache-2.0

import FlowModel
import TapService
import Testing

/// Captures beside sessions: what they may ask for, and what programs are told.
@Suite struct TapCaptureTests {
    private static let start = MonotonicTime(nanoseconds: 5_000_000_000)

    private static func begin(
        _ captures: inout TapCaptures, _ fields: String, rules: [String] = [], in fixture: TapFixture,
        now: MonotonicTime = start
    ) throws(TapError) -> TapCapture {
        var values = TapFixture.fields(fields)
        if !rules.isEmpty { values["rules"] = .list(rules.map { .text($0) }) }
        return try captures.begin(
            values, id: "c\(captures.all.count + 1)", by: fixture.owner, book: fixture.book, now: now)
    }

    private static func compiled(
        _ fixture: inout TapFixture, _ captures: inout TapCaptures, counts: [Int: TapFigures] = [:]
    ) -> TapCompiler {
        TapCompiler(&fixture.book, captures: &captures, in: fixture.host, counts: counts)
    }

    @Test func `a capture gets its frames beside the sessions, by a ring and accounts of its own`() throws {
        var fixture = TapFixture(
            ports: .named("tap7", 7, project: "a"), .named("tap8", 8, project: "b"), .named("tap9", 9))
        try fixture.create(.services, "name=mon port=tap9 allow_cross_account=true")
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon direction=OUT")
        let without = fixture.compile().plan
        var captures = TapCaptures()
        let capture = try Self.begin(
            &captures, "source_ports=tap[78] packet_length=96 max_packets_per_second=7 direction=IN", in: fixture)
        let compiler = Self.compiled(&fixture, &captures)
        let first = TapPlan.mostAccounts / 2
        #expect(compiler.plan.uses == without.uses && compiler.plan.carriers == without.carriers)
        #expect(
            compiler.plan.captures == [
                PortNumber(7): [TapUse(session: 1, account: first)],
                PortNumber(8): [TapUse(session: 1, account: first + 1)],
            ])
        var session = TapSession(to: .ring(1))
        session.ingress = [TapRule(1, .accept)]
        (session.packetLength, session.rate) = (96, TapRate(packetsPerSecond: 7))
        #expect(compiler.plan.sessions == without.sessions + [session])
        #expect(compiler.captureOutcomes[capture.id]?.ports.map(\.port.name) == ["tap7", "tap8"])
        // Without it all is as before.
        _ = try captures.end(capture.id)
        #expect(Self.compiled(&fixture, &captures).plan == without)
    }

    @Test func `rules are its own, or those of a tap filter as it is when the capture begins`() throws {
        var fixture = TapFixture(ports: .named("tap7", 7))
        try fixture.create(.filters, "name=dns", rules: "number=1,action=accept,direction=OUT,protocol=udp")
        var captures = TapCaptures()
        let rule = "number=3,action=accept,direction=BOTH,verdict=reject"
        let own = try Self.begin(&captures, "port=tap7", rules: [rule], in: fixture)
        #expect(own.session.ingress.map(\.verdict) == [.reject] && own.session.egress.map(\.number) == [3])
        let named = try Self.begin(&captures, "filter=dns", in: fixture)
        #expect(named.session.ingress.isEmpty && named.session.egress.map(\.transport) == [17])
        _ = try fixture.book.delete(.filters, "dns")
        #expect(named.place == 2 && Self.compiled(&fixture, &captures).plan.sessions == [own.session, named.session])
    }

    @Test func `what cannot be meant is refused in one sentence`() throws {
        let fixture = TapFixture(ports: .named("tap7", 7))
        func refusal(_ fields: String, rules: [String] = []) -> String {
            TapFixture.refusal {
                var captures = TapCaptures()
                _ = try Self.begin(&captures, fields, rules: rules, in: fixture)
            }
        }
        #expect(refusal("tap_service=mon") == "a capture has no field tap_service_id")
        #expect(refusal("session_number=4") == "a capture has no field session_number")
        #expect(refusal("name=x") == "a capture has no field name")
        #expect(refusal("packet_lenght=4") == "a capture has no field packet_lenght; packet_length is meant, perhaps")
        #expect(refusal("direction=UP") == "direction of a capture must be IN, OUT or BOTH, not \"UP\"")
        #expect(refusal("filter=x") == "there is no tap filter x")
        #expect(
            refusal("filter=x", rules: ["number=1,action=accept,direction=IN"])
                == "a capture has a tap filter or rules of its own, not both")
        #expect(
            refusal("", rules: ["number=1,action=accept,direction=IN", "number=1,action=reject,direction=IN"])
                == "tap filter of the capture has two rules of number 1 for IN: the lowest number decides first")
    }

    @Test func `one that is not renewed for ten seconds is overdue, and its place is free again`() throws {
        let fixture = TapFixture(ports: .named("tap7", 7))
        var captures = TapCaptures()
        let first = try Self.begin(&captures, "port=tap7", in: fixture)
        let second = try Self.begin(&captures, "port=tap7", in: fixture)
        try captures.renew(second.id, now: Self.start.advanced(by: .seconds(4)))
        #expect(captures.takeOverdue(now: Self.start.advanced(by: .milliseconds(9999))) == [])
        #expect(captures.takeOverdue(now: Self.start.advanced(by: .seconds(10))).map(\.id) == [first.id])
        #expect(
            TapFixture.refusal { try captures.renew(first.id, now: Self.start) }
                == "there is no capture c1: it was not renewed for 10 s, or the daemon was started anew")
        #expect(try Self.begin(&captures, "port=tap7", in: fixture).place == 1)
        for _ in captures.all.count..<63 { _ = try Self.begin(&captures, "port=tap7", in: fixture) }
        #expect(
            TapFixture.refusal { _ = try Self.begin(&captures, "port=tap7", in: fixture) }
                == "there are 63 captures already, and no more can be: end one first")
    }

    @Test func `a port has four captures, and what was counted at ports that went stays`() throws {
        var fixture = TapFixture(ports: .named("tap7", 7), .named("tap8", 8))
        var captures = TapCaptures()
        for _ in 0..<5 { _ = try Self.begin(&captures, "port=tap7", in: fixture) }
        var compiler = Self.compiled(&fixture, &captures)
        #expect(compiler.plan.captures[PortNumber(7)]?.count == 4 && compiler.plan.sessions.count == 4)
        #expect(
            compiler.captureOutcomes["c5"]?.reason == "left out: tap7: it has 4 captures already")
        let account = try #require(compiler.plan.captures[PortNumber(7)]?.first?.account)
        fixture.host.ports.removeFirst()
        var figures = TapFigures()
        figures.egress.matched = PacketCount(packets: 3, octets: 180)
        compiler = Self.compiled(&fixture, &captures, counts: [account: figures])
        #expect(compiler.plan.captures.isEmpty && compiler.plan.sessions.isEmpty)
        #expect(captures.accounts.past(of: "c1") == figures && captures.accounts.numbers.isEmpty)
    }
}
