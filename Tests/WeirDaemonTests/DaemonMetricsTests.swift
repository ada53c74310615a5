// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeirDaemon
import WeirService

/// The list of the daemon's metrics, and the documentation that is made of it.
@Suite struct DaemonMetricsTests {
    @Test func `the table in the documentation is made of the declarations`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let table = Metric.documentation(of: DaemonMetrics.all)
        let found = page.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix("| metric |") }
            .prefix { $0.hasPrefix("|") }.map { "\($0)\n" }.joined()
        #expect(found == table, "the table must be:\n\(table)")
    }

    @Test func `names are those of Prometheus's conventions, and each is declared once`() {
        let names = DaemonMetrics.all.map(\.name)
        #expect(Set(names).count == names.count)
        for metric in DaemonMetrics.all {
            #expect(metric.name.wholeMatch(of: /weir(_[a-z]+)+/) != nil, "\(metric.name)")
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(metric.help.hasSuffix("."), "\(metric.name)")
        }
    }

    @Test func `a failure of the journal is one of the journal, and none of a sink`() {
        var report = DaemonReport(pid: 1, bpffs: "/b", startedSeconds: 0, intervalSeconds: 60, logDirectory: nil)
        func values() -> [String] {
            let text = MetricsText(DaemonMetrics.all, of: DaemonMetrics(report: report, ports: PortLedger()))
            return String(decoding: text.bytes, as: UTF8.self).split(separator: "\n").filter {
                $0.hasPrefix("weir_sink_fail") || $0.hasPrefix("weir_journal_fail")
            }.map(String.init)
        }
        (report.journalFailure, report.journalFailures) = ("cannot write", 2)
        #expect(
            values() == [
                "weir_sink_failing 0", "weir_sink_failures_total 0", "weir_journal_failing 1",
                "weir_journal_failures_total 2",
            ])
        (report.failure, report.sinkFailures, report.journalFailure) = ("cannot publish", 1, nil)
        #expect(
            values() == [
                "weir_sink_failing 1", "weir_sink_failures_total 1", "weir_journal_failing 0",
                "weir_journal_failures_total 2",
            ])
    }
}
