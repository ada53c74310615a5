// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import Foundation
import Testing
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

    @Test func `failures of the journal, the store and a sink are told apart`() {
        var report = DaemonReport(pid: 1, bpffs: "/b", startedSeconds: 0, intervalSeconds: 60)
        func failing() -> [String] {
            let text = MetricsText(DaemonMetrics.all, of: DaemonMetrics(report: report, ports: PortLedger()))
            return String(decoding: text.bytes, as: UTF8.self).split(separator: "\n").filter {
                !$0.hasPrefix("#") && $0.contains("_failing") && $0.hasSuffix(" 1")
            }.map(String.init)
        }
        report.sinks = [SinkReport(name: "files", kind: "files", to: "/x")]
        #expect(failing() == [])
        report.journalFailure = "cannot write"
        #expect(failing() == ["weir_journal_failing 1"])
        (report.journalFailure, report.storeFailure) = (nil, "cannot write")
        #expect(failing() == ["weir_store_failing 1"])
        (report.storeFailure, report.sinks[0].failure) = (nil, "cannot write")
        #expect(failing() == ["weir_sink_failing{sink=\"files\"} 1"])
    }
}
