// SPDX-License-Identifier: Apache-2.0

package import FlowExport
package import Reporting

/// The process that delivers records, and its sinks.
package struct DeliveryReport: ReportSection {
    package var export: ExportReport?
    package var sinks: [SinkReport] = []

    package init() {}

    package static let facts = [
        Fact<Self>(
            section: "export", \.export, "The process that delivers to sinks; left out where there is no sink."),
        Fact(
            sections: "sinks", \.sinks, "How each sink stands. Counts are since that process started.", label: "sink",
            \.name),
    ]

    package var lines: [ReportLine] { sinks.flatMap(\.lines) }

    /// What keeps records from sinks now, a sentence each.
    package var troubles: [String] {
        [export?.failure.map { "weir-export does not run: \($0)" }].compactMap(\.self) + sinks.compactMap(\.trouble)
    }

    package var concerns: [Concern] { troubles.map(Concern.warning) }
}

/// The process that delivers to sinks.
package struct ExportReport: ReportSection {
    package var pid: Int32?
    package var restarts: UInt64 = 0
    package var failure: String?

    package init() {}

    package init(pid: Int32?, restarts: UInt64, failure: String?) {
        self.pid = pid
        self.restarts = restarts
        self.failure = failure
    }

    package static let facts = [
        Fact<Self>("pid", \.pid, "Its number; left out while it does not run."),
        Fact(
            "restarts", \.restarts, "How often the daemon started weir-export again.", .counter,
            "weir_export_restarts_total"),
        Fact("failure", \.failure, "Why it does not run; left out while it does."),
    ]
}
