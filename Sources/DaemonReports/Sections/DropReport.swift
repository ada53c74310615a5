// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// How the drops of the host's stack are followed.
package struct DropReport: ReportSection {
    package var failure: String?
    package var missed: UInt64
    package var missedByPort: [String: UInt64]?

    /// Stands for the interfaces that are no ports.
    package static let elsewhere = "other interfaces"

    package init() { self.init(failure: nil, missed: 0, missedByPort: nil) }

    package init(failure: String?, missed: UInt64, missedByPort: [String: UInt64]?) {
        self.failure = failure
        self.missed = missed
        self.missedByPort = missedByPort
    }

    package static let facts = [
        Fact<Self>("failure", \.failure, "Why dropped packets are not seen; left out while they are."),
        Fact("missed", \.missed, "Dropped packets that are not counted by flow."),
        Fact(
            "missed_by_port", \.missedByPort,
            "Of them, those that found no room in the share of the port that they came in by."),
    ]

    package var lines: [ReportLine] { [ReportLine("drops", text)] }

    package var concerns: [Concern] { failure.map { [.warning("dropped packets are not followed: \($0)")] } ?? [] }

    private var text: String {
        if let failure { return "not followed: \(failure)" }
        guard missed > 0 else { return "of the kernel are followed" }
        let ports = (missedByPort ?? [:]).sorted { $0.key < $1.key }.map { "\($0.value) of \($0.key)" }
        let places = ports.isEmpty ? "" : " (found no room: \(ports.joined(separator: ", ")))"
        return "of the kernel are followed; \(missed) not seen\(places)"
    }
}
