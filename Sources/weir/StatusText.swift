// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import Foundation
import WeirDaemon

/// A status report for people.
struct StatusText {
    private let report: StatusReport

    init(_ report: StatusReport) { self.report = report }

    var text: String {
        guard let table = report.table, let window = report.window else {
            return "Nothing is attached under \(report.bpffs)."
        }
        var lines = [
            "daemon  \(daemon)",
            "window  \(window.number), open since \(Self.time(window.opened))\(due(window))",
            "table   \(table.engine), \(HumanUnits.count(UInt64(table.flows))) of "
                + "\(HumanUnits.count(UInt64(table.flowBudget))) flows in the open window, "
                + "\(HumanUnits.octets(table.memoryBytes)) of kernel memory",
            "",
        ]
        lines += TextTable(rows: [Self.header] + report.ports.flatMap(Self.rows)).lines
        lines += report.ports.flatMap { port in port.limits.map { "\(port.name): \($0)" } }
        return lines.joined(separator: "\n")
    }

    private var daemon: String {
        guard let daemon = report.daemon else {
            return "none: nobody closes windows, what finds no room becomes overflow (start one: weir run)"
        }
        var text = "pid \(daemon.pid), every \(Int(daemon.intervalSeconds)) s, \(daemon.windows) windows, "
        text += "\(daemon.records) records, \(daemon.conservationViolations) conservation violations"
        if let memory = daemon.residentBytes { text += ", \(HumanUnits.octets(memory)) resident" }
        if let directory = daemon.logDirectory { text += ", \(daemon.filesPublished) files in \(directory)" }
        if daemon.recordsGivenUp > 0 { text += ", \(daemon.recordsGivenUp) records given up" }
        if let failure = daemon.failure { text += "\n        \(failure)" }
        return text
    }

    private func due(_ window: StatusReport.Window) -> String {
        window.closes.map { ", due at \(Self.time($0))" } ?? ""
    }

    private static let header = [
        "PORT", "NO", "ROLE", "STATE", "HOOKS", "DIRECTION", "PACKETS", "OCTETS", "OVERFLOW", "NOT IP", "MALFORMED",
    ]

    private static func rows(of port: StatusReport.Port) -> [[String]] {
        let facts = [port.name, "\(port.number)", port.role, port.state, hooks(of: port)]
        return [
            facts + ["ingress"] + cells(of: port.ingress),
            Array(repeating: "", count: facts.count) + ["egress"] + cells(of: port.egress),
        ]
    }

    private static func cells(of totals: StatusReport.Totals) -> [String] {
        [
            "\(totals.seen.packets)", "\(totals.seen.bytes)", "\(totals.overflow.packets)", "\(totals.notIP.packets)",
            "\(totals.malformed.packets)",
        ]
    }

    /// Where frames from and to the port are counted.
    static func hooks(of port: StatusReport.Port) -> String {
        let mode = port.xdpMode.map { " (\($0))" } ?? ""
        return "from \(port.fromHook)\(mode), to \(port.toHook)"
    }

    private static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
    }
}

/// Columns as wide as their widest cell, two blanks between them.
struct TextTable {
    let rows: [[String]]

    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
            return cells.joined(separator: "  ").trimmingTrailingBlanks
        }
    }
}

extension String {
    fileprivate var trimmingTrailingBlanks: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
