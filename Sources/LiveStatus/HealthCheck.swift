// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
package import Reporting

/// A status report in one line and one level, for monitoring: `weir status --check`.
package struct HealthCheck: Equatable, Sendable {
    private var concerns: [Concern] = []
    private let summary: String

    package init(_ report: StatusReport) {
        let attached = report.ports.filter { $0.state == "attached" }.count
        summary = "\(counted(attached, "port")) measured, 0 packets unaccounted"
        findDaemon(report)
        findPorts(report)
        concerns += report.daemon.concerns
    }

    /// A report that could not be had.
    package init(failure: any Error) {
        summary = ""
        concerns = [.critical("\(failure)")]
    }

    package var level: Concern.Level { concerns.map(\.level).max() ?? .fine }

    /// What is worst comes first.
    package var line: String {
        let levels: [Concern.Level] = [.critical, .warning]
        let texts = levels.flatMap { level in concerns.filter { $0.level == level }.map(\.text) }
        return "\(level.word): \(texts.isEmpty ? summary : texts.joined(separator: "; "))"
    }
}

extension HealthCheck {
    private mutating func findDaemon(_ report: StatusReport) {
        guard let pid = report.measuredBy else { return concerns.append(.critical("no daemon: no window is closed")) }
        if report.daemon == nil { concerns.append(.critical("the daemon (pid \(pid)) does not answer")) }
    }

    private mutating func findPorts(_ report: StatusReport) {
        let states: Set = ["attached", "attaching", "closing"]
        for port in report.ports where !states.contains(port.state) {
            let faults = port.faults.map { ": " + $0.joined(separator: "; ") } ?? ""
            concerns.append(.critical("\(port.name) is not measured: \(port.state)\(faults)"))
        }
        let damaged = Set(report.ports.filter { $0.faults != nil }.map(\.name))
        for port in report.daemon?.ports.coverage?.impaired ?? [] where !damaged.contains(port.port) {
            concerns.append(.critical("\(port.port): \(port.reason)"))
        }
        for (name, reason) in report.refused.sorted(by: { $0.key < $1.key }) {
            concerns.append(.critical("\(name) is not measured: \(reason)"))
        }
    }
}
