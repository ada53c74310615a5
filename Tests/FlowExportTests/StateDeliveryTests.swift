// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import FlowTestKit
import Host
import HostMonitor
import Reporting
import Testing
import WeirService

/// A sink of state that keeps what it gets, and fails when it is told to.
private final class ListOfReports: StateSink {
    struct Failure: Error, CustomStringConvertible { var description = "the other end is away" }
    var times: [Int64] = []
    var failure: Failure?

    func update(_ report: MonitorReport) throws {
        if let failure { throw failure }
        times.append(report.timeMilliseconds)
    }
}

@Suite(.enabled(if: KernelAccess.isExpected)) struct StateDeliveryTests {
    @Test func `the daemon's report is what is asked for`() throws {
        let answer = MonitorServer.Answer(try .report(.example))
        try MonitorServer.with(answer) { server in
            let feed = MonitorFeed(socket: server.socket)
            let report = try feed.ask()
            #expect(report == .example)
            answer.current = .notFound
            #expect(
                failure(of: feed)
                    == "the daemon on \(server.socket) reads no figures: set monitor-interval to some seconds in its configuration"
            )
            for text in ["", "[1]", "{\"time_ms\": \"now\"}"] {
                answer.current = HTTPAnswer(contentType: "application/json", body: Array(text.utf8))
                #expect(
                    failure(of: feed)
                        == "the daemon on \(server.socket) sent figures that cannot be read: install programs of one version"
                )
            }
        }
        #expect(
            failure(of: MonitorFeed(socket: "/nowhere"))
                == "no daemon answers on /nowhere: start weir run, or wait until it is up")
    }

    private func failure(of feed: MonitorFeed) -> String? {
        do {
            _ = try feed.ask()
            return nil
        } catch { return error.description }
    }

    @Test func `a sink that fails is said once and left alone, and reports of that time are dropped and counted`() {
        let clock = SimulatedClock(
            monotonic: MonotonicTime(nanoseconds: 1_000_000_000), realtime: UnixTime(seconds: examplePeriod))
        let sink = ListOfReports()
        var said: [String] = []
        let runner = StateRunner("r", sink, isAlone: true, clock: clock) { said.append("\($0): \($1)") }
        var report = MonitorReport.example
        func deliver(_ time: Int64, replaced: UInt64 = 0) {
            report.timeMilliseconds = time
            runner.deliver(report, replaced: replaced)
        }
        deliver(1)
        sink.failure = .init()
        deliver(2)
        deliver(3)
        #expect(runner.report.failure == "the other end is away")
        clock.advance(by: .seconds(2))
        deliver(4, replaced: 2)
        sink.failure = nil
        // It is still left alone.
        deliver(5)
        clock.advance(by: .seconds(3))
        deliver(6)
        #expect(sink.times == [1, 6])
        #expect(runner.report.updates == 2 && runner.report.dropped == 6 && runner.report.failures == 1)
        #expect(runner.report.failure == nil)
        #expect(
            said == [
                "error: r: the other end is away; its state is dropped until that works",
                "notice: r: the state of the host is delivered again",
            ])
    }

    @Test func `state is part of its sink's report and lines`() {
        var state = StateReport()
        state.updates = 3
        state.dropped = 1
        var report = SinkReport(name: "r", kind: "redis", to: "redis://127.0.0.1:6379/0")
        report.counts.records = 12
        report.add(state)
        #expect(
            report.lines.map(\.text) == ["r to redis://127.0.0.1:6379/0: 12 records, 3 reports of the host, 1 dropped"])
        state.isAlone = true
        state.failure = "it is away"
        report.add(state)
        #expect(report.lines.map(\.text) == ["r to redis://127.0.0.1:6379/0: 3 reports of the host, 1 dropped"])
        #expect(report.trouble == "the sink r: it is away")
    }
}
