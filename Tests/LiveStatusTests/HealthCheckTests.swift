// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowExport
import FlowMeter
import FlowModel
import FlowRecorder
import Foundation
import LiveStatus
import Reporting
import Testing

@Suite struct HealthCheckTests {
    /// A report as `weir status --json` has it, of a port in that state.
    private static func report(
        port state: String = "attached", measuredBy pid: Int? = 7,
        daemon change: ((inout DaemonReport) -> Void)? = { _ in }
    ) throws -> StatusReport {
        let counters = [
            "seen", "ip", "overflow", "not_ip", "malformed", "truncated", "too_many_headers", "fragment_without_flow",
            "refused", "audited",
        ]
        let totals = "{" + counters.map { #""\#($0)":{"packets":1,"bytes":60}"# }.joined(separator: ",") + "}"
        let text =
            #"{"bpffs":"/b",\#(pid.map { #""measured_by":\#($0),"# } ?? "")"ports":[{"name":"tap0","number":1,"role":"guest","from_hook":"tcx","to_hook":"tcx","state":"\#(state)","limits":[],"ingress":\#(totals),"egress":\#(totals)}]}"#
        var report = try JSONDecoder().decode(StatusReport.self, from: Data(text.utf8))
        if let change {
            var daemon = DaemonReport(
                LifeReport(pid: 7, bpffs: "/b", startedSeconds: 0, intervalSeconds: 60))
            daemon.life.state = .measuring
            change(&daemon)
            report.daemon = daemon
        }
        return report
    }

    private static func line(_ report: StatusReport) -> String {
        let check = HealthCheck(report)
        return "\(check.level.rawValue) \(check.line)"
    }

    @Test func `all is well`() throws {
        #expect(Self.line(try Self.report()) == "0 OK: 1 port measured, 0 packets unaccounted")
        #expect(Self.line(try Self.report(port: "closing")) == "0 OK: 0 ports measured, 0 packets unaccounted")
    }

    @Test func `what is lost or not measured is critical`() throws {
        #expect(
            Self.line(try Self.report(measuredBy: nil, daemon: nil)) == "2 CRITICAL: no daemon: no window is closed")
        #expect(Self.line(try Self.report(daemon: nil)) == "2 CRITICAL: the daemon (pid 7) does not answer")
        #expect(Self.line(try Self.report(port: "gone")) == "2 CRITICAL: tap0 is not measured: gone")
        let changes: [(String, (inout DaemonReport) -> Void)] = [
            ("tap1 is not measured: why", { $0.ports.refused = ["tap1": "why", "tap0": "attached since"] }),
            ("3 packets unaccounted", { ($0.windows.violations, $0.windows.unaccountedPackets) = (1, 3) }),
            ("cannot write", { $0.journal.failure = "cannot write" }),
            ("cannot store", { $0.store.failure = "cannot store" }),
            ("the disk of the store has not answered for 9 s", { $0.store.stalledSeconds = 9.2 }),
            ("the disk of the journal has not answered for 12 s", { $0.journal.stalledSeconds = 12.7 }),
        ]
        for (text, change) in changes {
            #expect(Self.line(try Self.report(daemon: change)) == "2 CRITICAL: \(text)")
        }
    }

    @Test func `what an operator should look at is a warning, and stands behind what is critical`() throws {
        let changes: [(String, (inout DaemonReport) -> Void)] = [
            (
                "the daemon is starting: attached 3 of 9 ports",
                { ($0.life.state, $0.life.progress) = (.starting, StartProgress(done: 3, total: 9)) }
            ),
            ("the daemon is ending", { $0.life.state = .stopping }),
            (
                "the sink files: cannot publish",
                { $0.delivery.sinks = [SinkReport(name: "files", kind: "files", to: "/x", failure: "cannot publish")] }
            ),
            (
                "the sink files has not answered for 11 s",
                { $0.delivery.sinks = [SinkReport(name: "files", kind: "files", to: "/x", stalledSeconds: 11.5)] }
            ),
            ("the flows of 1 window were given up", { $0.journal.windowsGivenUp = 1 }),
            ("2 segments of the journal damaged", { $0.journal.damagedSegments = ["a", "b"] }),
            (
                "at the last reload: interval: why",
                { $0.reload = ReloadReport(seconds: 1, problems: ["interval: why"]) }
            ),
            (
                "the provider inventory does not run: it ended with status 3",
                {
                    var provider = ProviderReport(name: "inventory")
                    provider.failure = "it ended with status 3"
                    $0.providers = [provider]
                }
            ),
            ("5 packets of the last window found no room in the table", { $0.windows.last = Self.counts(overflow: 5) }),
        ]
        for (text, change) in changes {
            #expect(Self.line(try Self.report(daemon: change)) == "1 WARNING: \(text)")
            #expect(
                Self.line(try Self.report(port: "gone", daemon: change))
                    == "2 CRITICAL: tap0 is not measured: gone; \(text)")
        }
    }

    /// A window of two seconds in which tap0 sent 20 packets of 1200 octets in all.
    private static func counts(overflow: UInt64 = 0) -> WindowCounts {
        var totals = PortTotals()
        totals.seen = PacketCount(packets: 20, octets: 1200)
        totals.overflow = PacketCount(packets: overflow, octets: 60 * overflow)
        let window = ClosedWindow(
            window: Window(number: 1, start: UnixTime(seconds: 8), end: UnixTime(seconds: 10)),
            anchor: ClockAnchor(monotonic: MonotonicTime(nanoseconds: 0), realtime: UnixTime(seconds: 8)),
            flows: FlowTable(),
            totals: [PortSide(port: PortNumber(1), direction: .egress): totals])
        return WindowCounts(window, known: [PortNumber(1): Port(number: PortNumber(1), name: "tap0", role: .guest)])
    }

    @Test func `counts of a window are those of its ports by their names`() {
        let counts = Self.counts()
        #expect(counts.seconds == 2 && counts.ports.keys.sorted() == ["tap0"])
        #expect(counts.ports["tap0"]?.egress.packets == 20 && counts.ports["tap0"]?.egress.bytes == 1200)
        #expect(counts.ports["tap0"]?.ingress.packets == 0)
    }
}
