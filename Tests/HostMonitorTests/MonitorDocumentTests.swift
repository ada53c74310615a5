// SPDX-License-Identifier: Apache-2.0

import Foundation
import HostMonitor
import Reporting
import Testing

@Suite struct MonitorDocumentTests {
    @Test func `the tables in docs/monitor.md are made of the declarations`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/monitor.md"), encoding: .utf8)
        func table(_ head: String) -> String {
            page.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix(head) }
                .prefix { $0.hasPrefix("|") }.map { "\($0)\n" }.joined()
        }
        let facts = MonitorReport.documentation
        #expect(table("| key | what |") == facts, "the table must be:\n\(facts)")
        let metrics = Metric.documentation(of: MonitorReport.metrics)
        #expect(table("| metric |") == metrics, "the table must be:\n\(metrics)")
    }

    @Test func `metrics are declared once, and are sentences`() {
        let names = MonitorReport.metrics.map(\.name)
        #expect(Set(names).count == names.count)
        for metric in MonitorReport.metrics {
            #expect(metric.name.wholeMatch(of: /(weir_port|libvirt_domain)(_[a-z]+)+/) != nil, "\(metric.name)")
            // Some have had another name for longer.
            #expect(metric.kind == .counter || !metric.name.hasSuffix("_total"), "\(metric.name)")
            #expect(metric.help.hasSuffix("."), "\(metric.name)")
        }
    }

    @Test func `keys are in snake case, and each is declared once`() {
        let keys = MonitorReport.documentation.matches(of: /\n\| `([^`]+)`/).map { String($0.1) }
        #expect(Set(keys).count == keys.count)
        for key in keys { #expect(key.wholeMatch(of: /[a-z_0-9]+((\[\])?\.[a-z_0-9]+)*/) != nil, "\(key)") }
    }
}
