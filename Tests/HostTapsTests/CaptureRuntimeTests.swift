// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host
import HostTaps
import TapService
import Testing

/// Captures begun, renewed and ended, with an engine that keeps what it is told.
@Suite struct CaptureRuntimeTests {
    private typealias Fixture = TapRuntimeTests.Fixture

    private static func begin(_ fixture: inout Fixture, _ fields: [String: TapJSON]) throws -> TapCaptureView {
        guard case .success(.capture(let view))? = fixture.ask(.beginCapture(fields)) else {
            throw TapError(.failed, "it has not begun")
        }
        return view
    }

    @Test func `a capture changes nothing of what sessions take, and is not there for the next daemon`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        let before = try #require(fixture.engine.last)
        let view = try Self.begin(&fixture, ["ports": .text("tap[78]")])
        #expect(view.ports.map(\.port) == ["tap7", "tap8"] && view.ring == TapRing(mapID: 1, bytes: 4096))
        let plan = try #require(fixture.engine.last)
        #expect(plan.uses == before.uses && plan.captures.count == 2 && fixture.engine.rings == [1: 1])
        #expect(fixture.desk.view.captures == [view])
        fixture.restart()
        fixture.follow()
        #expect(fixture.engine.last == before && fixture.engine.rings == [:])
        #expect(
            fixture.ask(.renewCapture(view.id))
                == .failure(
                    TapError(
                        .unknown,
                        "there is no capture \(view.id): it was not renewed for 10 s, or the daemon was started anew")))
    }

    @Test func `the end has the account of all ports, also of those that went`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        let view = try Self.begin(&fixture, [:])
        #expect(view.ports.map(\.port) == ["tap7", "tap8", "tap9"] && view.source == "all ports")
        let accounts = try #require(fixture.engine.last?.captures.mapValues { $0.map(\.account) })
        let (seven, nine) = (try #require(accounts[PortNumber(7)]?.first), try #require(accounts[PortNumber(9)]?.first))
        fixture.engine.count(seven, TapRuntimeTests.figures(5, octets: 300))
        fixture.host.ports.removeFirst()
        fixture.follow()
        fixture.engine.count(nine, TapRuntimeTests.figures(2, octets: 100))
        guard case .success(.capture(let last))? = fixture.ask(.endCapture(view.id)) else {
            Issue.record("it has not ended")
            return
        }
        #expect(last.ports.map(\.port) == ["tap8", "tap9"] && last.figures == TapRuntimeTests.figures(7, octets: 400))
        #expect(fixture.engine.last == TapPlan() && fixture.engine.rings == [:] && fixture.desk.view == TapView())
    }

    @Test func `one that is not renewed ends by itself`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        let view = try Self.begin(&fixture, ["port": .text("tap7")])
        let begun = ClockAnchor.now.monotonic
        #expect(fixture.runtime.due != nil && fixture.runtime.isNeeded)
        fixture.runtime.turn(by: fixture.engine, now: begun.advanced(by: .seconds(5)))
        #expect(fixture.desk.view.captures?.map(\.id) == [view.id])
        fixture.runtime.turn(by: fixture.engine, now: begun.advanced(by: .seconds(11)))
        #expect(fixture.engine.last == TapPlan() && fixture.engine.rings == [:])
        #expect(fixture.runtime.due == nil && !fixture.runtime.isNeeded && fixture.desk.view.captures == nil)
    }

    @Test func `where the kernel does not take it, there is no ring, and nothing is changed`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        let plan = fixture.engine.last
        fixture.engine.fail(KernelError(.busy, "cannot copy packets", cause: "it is full"))
        #expect(
            fixture.ask(.beginCapture(["port": .text("tap8")]))
                == .failure(TapError(.failed, "cannot copy packets: it is full")))
        #expect(fixture.engine.last == plan && fixture.engine.rings == [:] && fixture.desk.view.captures == nil)
    }
}
