// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Host
import HostTaps
import Logging
import Synchronization
import SystemPackage
import TapService
import Testing

/// Requests carried out, ports followed, and budgets shared out, with an engine that keeps what it is told.
@Suite struct TapRuntimeTests {
    struct Fixture {
        let folder: FilePath
        let desk = TapDesk()
        let engine = RecordingEngine()
        var runtime: TapRuntime
        var host: TapSurroundings

        init(ports: [(String, UInt16)] = [("tap7", 7), ("tap8", 8), ("tap9", 9)]) throws {
            let url = FileManager.default.temporaryDirectory.appending(path: "taps-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            folder = FilePath(url.path())
            host = TapSurroundings(ports: ports.map { Self.port($0, $1) })
            runtime = TapRuntime(
                stateDirectory: folder, desk: desk, settings: TapSettings(), logger: Logger(label: "test"))
        }

        static func port(_ name: String, _ number: UInt16) -> TapPort {
            TapPort(number: PortNumber(number), name: name, interfaceIndex: UInt32(number) + 100)
        }

        /// A daemon that is started anew.
        mutating func restart() {
            runtime = TapRuntime(
                stateDirectory: folder, desk: desk, settings: TapSettings(), logger: Logger(label: "test"))
        }

        mutating func follow() { runtime.follow(host, by: engine) }

        /// - Returns: the answer, an id or a sentence.
        @discardableResult
        mutating func ask(_ action: TapDesk.Action) -> Result<TapDesk.Done, TapError>? {
            let answer = Mutex<Result<TapDesk.Done, TapError>?>(nil)
            desk.ask(action, by: TapOwner(user: 0, process: 1, time: 5)) { result in answer.withLock { $0 = result } }
            follow()
            return answer.withLock(\.self)
        }

        mutating func makeFlow() {
            ask(.create(.services, ["name": .text("mon"), "port": .text("tap9")]))
            ask(.create(.flows, ["name": .text("f"), "port": .text("tap7"), "tap_service": .text("mon")]))
        }

        func end() { try? FileManager.default.removeItem(atPath: folder.string) }
    }

    static func figures(_ packets: UInt64, octets: UInt64 = 0) -> TapFigures {
        var counts = TapCounts()
        counts.matched = PacketCount(packets: packets, octets: octets)
        return TapFigures(egress: counts)
    }

    @Test func `without taps the engine is asked for nothing but the end of what was`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.follow()
        // What an earlier daemon left, whose state is gone, is taken away.
        #expect(fixture.engine.plans == [TapPlan()] && !fixture.runtime.isNeeded && fixture.runtime.report == nil)
        #expect(fixture.runtime.due == nil)
    }

    @Test func `a request is in force and on the disk when it is answered`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        #expect(fixture.engine.last?.uses == [PortNumber(7): [TapUse(session: 0, account: 0)]])
        #expect(fixture.desk.view.flows.map(\.status) == [.active])
        #expect(fixture.desk.view.flows[0].object.created.time == 5)
        let plan = fixture.engine.last
        fixture.restart()
        fixture.follow()
        #expect(fixture.engine.last == plan)
        fixture.ask(.delete(.services, "mon"))
        #expect(fixture.engine.last == TapPlan())
        #expect(fixture.desk.view == TapView())
    }

    @Test func `what the kernel does not take is refused, and all stays as it was`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        let plan = fixture.engine.last
        fixture.engine.fail(KernelError(.busy, "cannot copy packets", cause: "it is full"))
        let answer = fixture.ask(.update(.flows, "f", ["packet_length": .number(96)]))
        #expect(answer == .failure(TapError(.failed, "cannot copy packets: it is full; nothing is changed")))
        #expect(fixture.desk.view.flows[0].object.packetLength == nil)
        fixture.engine.fail(nil)
        fixture.restart()
        fixture.follow()
        #expect(fixture.engine.last == plan)
    }

    @Test func `a port that comes again has its session at once, and what it counted before stays`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        fixture.engine.count(0, Self.figures(9))
        fixture.host.ports.removeFirst()
        fixture.follow()
        #expect(fixture.engine.last == TapPlan())
        #expect(fixture.desk.view.flows[0].status == .down)
        #expect(fixture.desk.view.flows[0].reason == "it waits for its source, port tap7")
        var port = Fixture.port("tap7", 12)
        port.attached = UnixTime(seconds: 77)
        fixture.host.ports.append(port)
        fixture.follow()
        #expect(fixture.engine.last?.uses == [PortNumber(12): [TapUse(session: 0, account: 1)]])
        fixture.engine.count(1, Self.figures(2))
        fixture.follow()
        #expect(fixture.desk.view.sessions[0].figures == Self.figures(11))
        #expect(fixture.desk.view.sessions[0].ports.map(\.figures) == [Self.figures(2)])
    }

    @Test func `a port that is begun is in the plan before it has its programs, and once`() throws {
        var fixture = try Fixture(ports: [("tap9", 9)])
        defer { fixture.end() }
        fixture.makeFlow()
        fixture.host.ports.append(Fixture.port("tap7", 7))
        fixture.runtime.prepare(fixture.host, by: fixture.engine)
        #expect(fixture.engine.last?.uses.keys.map(\.rawValue) == [7])
        let plans = fixture.engine.plans.count
        fixture.follow()
        #expect(fixture.engine.plans.count == plans && fixture.desk.view.flows.map(\.status) == [.active])
    }

    @Test func `what other tables have counted is counted on from once`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        for _ in 0..<2 { fixture.runtime.countOn(from: [0: Self.figures(9)], of: 4711) }
        fixture.restart()
        fixture.engine.count(0, Self.figures(2))
        fixture.follow()
        #expect(fixture.desk.view.sessions.map(\.figures) == [Self.figures(11)])
    }

    @Test func `where ports change and the kernel does not take it, the sessions are in error until it does`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        fixture.engine.fail(KernelError(.busy, "cannot copy packets", cause: "it is full"))
        fixture.host.ports[2].interfaceIndex = 500
        fixture.follow()
        #expect(fixture.desk.view.sessions.map(\.status) == [.error])
        #expect(fixture.runtime.report?.failure == "cannot copy packets: it is full")
        fixture.engine.fail(nil)
        let due = try #require(fixture.runtime.due)
        fixture.runtime.turn(by: fixture.engine, now: due)
        #expect(fixture.desk.view.sessions.map(\.status) == [.active])
        #expect(fixture.engine.last?.sessions[0].destination == .interface(500))
    }

    @Test func `a destination's limit is shared each second by what was matched in the last`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.makeFlow()
        fixture.ask(.create(.flows, ["name": .text("g"), "port": .text("tap8"), "tap_service": .text("mon")]))
        fixture.ask(.update(.services, "mon", ["max_bits_per_second": .number(80_000)]))
        // Of 10,000 bytes, while nothing is known of either.
        #expect(fixture.engine.last?.sessions.map(\.budget.bytesPerSecond) == [5000, 5000])
        let plans = fixture.engine.plans.count
        var now = try #require(fixture.runtime.due)
        fixture.runtime.turn(by: fixture.engine, now: now)
        fixture.engine.count(0, Self.figures(1000, octets: 1_000_000))
        fixture.engine.count(1, Self.figures(10, octets: 860))
        now = now.advanced(by: .seconds(1))
        fixture.runtime.turn(by: fixture.engine, now: now)
        #expect(fixture.engine.last?.sessions.map(\.budget.bytesPerSecond) == [9000, 1000])
        // The plan stays: budgets alone are written, at the request and at what was matched.
        #expect(fixture.engine.limits == 2 && fixture.engine.plans.count == plans)
    }

    @Test func `a state file that cannot be read is said, and the daemon goes on without taps`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        try Data("{".utf8).write(to: URL(filePath: fixture.folder.appending("taps.json").string))
        fixture.restart()
        fixture.follow()
        #expect(fixture.runtime.report?.failure?.contains("the daemon goes on without them") == true)
        #expect(fixture.runtime.report?.lines.count == 2)
        fixture.makeFlow()
        #expect(fixture.runtime.report?.failure == nil)
    }

    @Test func `after the end requests are answered with a sentence`() throws {
        var fixture = try Fixture()
        defer { fixture.end() }
        fixture.desk.close()
        #expect(
            fixture.ask(.delete(.flows, "f")) == .failure(TapError(.failed, "the daemon is ending: ask the next one")))
    }
}
