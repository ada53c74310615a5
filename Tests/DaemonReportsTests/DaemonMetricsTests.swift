// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowRecorder
import Foundation
import Reporting
import Testing

/// The list of the daemon's metrics, and the documentation that is made of it.
@Suite struct DaemonMetricsTests {
    /// A table of docs/metrics.md, by its first words.
    private func table(_ head: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        return page.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix(head) }
            .prefix { $0.hasPrefix("|") }.map { "\($0)\n" }.joined()
    }

    @Test func `the tables in the documentation are made of the declarations`() throws {
        let metrics = Metric.documentation(of: DaemonMetrics.all)
        #expect(try table("| metric |") == metrics, "the table must be:\n\(metrics)")
        let facts = DaemonReport.documentation
        #expect(try table("| key |") == facts, "the table must be:\n\(facts)")
    }

    @Test func `keys are in snake case, and each is declared once`() throws {
        let keys = DaemonReport.documentation.matches(of: /\n\| `([^`]+)`/).map { String($0.1) }
        #expect(Set(keys).count == keys.count)
        for key in keys { #expect(key.wholeMatch(of: /[a-z_]+((\[\])?\.[a-z_]+)*/) != nil, "\(key)") }
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
        var report = DaemonReport(
            LifeReport(pid: 1, bpffs: "/b", startedSeconds: 0, intervalSeconds: 60))
        func failing() -> [String] {
            let text = MetricsText(DaemonMetrics.all, of: DaemonMetrics(report: report, ports: PortLedger()))
            return String(decoding: text.bytes, as: UTF8.self).split(separator: "\n").filter {
                !$0.hasPrefix("#") && $0.contains("_failing") && $0.hasSuffix(" 1")
            }.map(String.init)
        }
        report.delivery.sinks = [SinkReport(name: "files", kind: "files", to: "/x")]
        #expect(failing() == [])
        report.journal.failure = "cannot write"
        #expect(failing() == ["weir_journal_failing 1"])
        (report.journal.failure, report.store.failure) = (nil, "cannot write")
        #expect(failing() == ["weir_store_failing 1"])
        (report.store.failure, report.delivery.sinks[0].failure) = (nil, "cannot write")
        #expect(failing() == ["weir_sink_failing{sink=\"files\"} 1"])
    }
}
