// SPDX-License-Identifier: Apache-2.0

import Foundation
import HostMonitor
import Reporting
import Testing

@Suite struct MonitorDocumentTests {
    @Test func `the table in docs/monitor.md is made of the declarations`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/monitor.md"), encoding: .utf8)
        let table = page.split(separator: "\n", omittingEmptySubsequences: false).drop {
            !$0.hasPrefix("| key | what |")
        }
        .prefix { $0.hasPrefix("|") }.map { "\($0)\n" }.joined()
        let facts = MonitorReport.documentation
        #expect(table == facts, "the table must be:\n\(facts)")
    }

    @Test func `keys are in snake case, and each is declared once`() {
        let keys = MonitorReport.documentation.matches(of: /\n\| `([^`]+)`/).map { String($0.1) }
        #expect(Set(keys).count == keys.count)
        for key in keys { #expect(key.wholeMatch(of: /[a-z_0-9]+((\[\])?\.[a-z_0-9]+)*/) != nil, "\(key)") }
    }
}
