// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// Which ports are measured, and how completely.
package struct PortsReport: ReportSection {
    package var measured = 0
    /// The reason, by the interface's name.
    package var refused: [String: String] = [:]
    package var coverage: CoverageReport?

    package init() {}

    package static let facts = [
        Fact<Self>(
            "ports", \.measured, "Ports that are measured.", .gauge, "weir_ports",
            note: "As the last closed window knew them."),
        Fact(
            "refused", \.refused, "Why interfaces could not be attached that are to be measured, by their names.",
            Metric(
                .gauge, "weir_ports_refused", "Interfaces that are to be measured and could not be attached."
            ) { $0.refused.count }),
        Fact(section: "coverage", \.coverage, "How completely attached ports are measured."),
    ]

    package var lines: [ReportLine] { coverage.lines }
}

/// How completely attached ports are measured. Counts are since the daemon started.
package struct CoverageReport: ReportSection {
    /// A port that is attached and not measured in both directions, or not judged as it should be.
    package struct Impaired: Codable, Equatable, Sendable {
        package var port: String
        package var reason: String

        package init(port: String, reason: String) {
            self.port = port
            self.reason = reason
        }
    }

    package var impaired: [Impaired] = []
    package var interruptions: UInt64 = 0
    package var lastInterruption: String?

    package init() {}

    package static let facts = [
        Fact<Self>(
            "impaired", \.impaired,
            "Attached ports that are not measured in both directions, or not judged as they should be, and why.",
            Metric(
                .gauge, "weir_ports_impaired",
                "Attached ports that are not measured in both directions, or not judged as they should be.",
                note:
                    "What another process took away cannot be put back, or the policy cannot be put in force."
            ) { $0.impaired.count }),
        Fact(
            "interruptions", \.interruptions,
            "How often another process had taken away something that a port is measured with.", .counter,
            "weir_port_interruptions_total"),
        Fact(
            "last_interruption", \.lastInterruption, "The last of these, in a sentence; left out where there was none."),
    ]

    /// What is not measured, or was not for some time.
    package var lines: [ReportLine] {
        let mended = lastInterruption.map { ReportLine("mended", "\(interruptions) times; last \($0)") }
        return impaired.map { ReportLine("impaired", "\($0.port): \($0.reason)") } + [mended].compactMap(\.self)
    }
}
