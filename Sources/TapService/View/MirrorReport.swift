// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// The process that sends the copies of ports whose programs cannot.
package struct MirrorReport: ReportSection {
    package var pid: Int32?
    package var restarts: UInt64 = 0
    package var sent: UInt64 = 0
    package var failure: String?

    package init() {}

    package static let facts = [
        Fact<Self>("pid", \.pid, "Its number; left out while it does not run."),
        Fact(
            "restarts", \.restarts, "How often the daemon started weir-mirror again.", .counter,
            "weir_mirror_restarts_total"),
        Fact(
            "sent", \.sent, "Copies that weir-mirror has sent since the daemon started.", .counter,
            "weir_mirror_sent_copies_total"),
        Fact("failure", \.failure, "Why it does not run, or sends nothing; left out while it does."),
    ]

    package var lines: [ReportLine] {
        var text = pid.map { "weir-mirror is process \($0)" } ?? "weir-mirror does not run"
        text += ", \(counted(sent, "copy", "copies")) sent"
        if restarts > 0 { text += ", started again \(counted(restarts, "time"))" }
        if let failure { text += "; \(failure)" }
        return [ReportLine("mirror", text)]
    }

    package var concerns: [Concern] { failure.map { [Concern.warning("weir-mirror does not run: \($0)")] } ?? [] }
}
