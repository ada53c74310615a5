// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowFormats
import FlowKernel
import FlowModel
import Foundation
import LiveStatus
import Reporting

/// A status report for people.
struct StatusText {
    private let report: StatusReport

    init(_ report: StatusReport) { self.report = report }

    var text: String {
        guard !self.lines.isEmpty else { return "Nothing is attached under \(report.bpffs)." }
        var lines = self.lines.map { $0.name.padding(toLength: 10, withPad: " ", startingAt: 0) + $0.text }
        guard report.table != nil else { return lines.joined(separator: "\n") }
        lines.append("")
        lines += TextTable(rows: [header] + report.ports.flatMap(rows), rightAligned: 6..<header.count).lines
        lines += report.ports.flatMap { port in (port.faults ?? []).map { "\(port.name): damaged: \($0)" } }
        lines += report.ports.compactMap { port in port.sampling.map { "\(port.name): sampled: \($0.text)" } }
        lines += report.ports.flatMap { port in port.limits.map { "\(port.name): \($0)" } }
        lines += report.refused.sorted { $0.key < $1.key }.map { "\($0): not measured: \($1)" }
        if let missed = report.missedFrames, missed > 0 {
            lines.append(
                "not counted: at most \(counted(missed, "frame")) to AF_XDP ports, whose senders the kernel interrupted"
            )
        }
        return lines.joined(separator: "\n")
    }

    private var lines: [ReportLine] {
        guard let table = report.table, let window = report.window else {
            return report.daemon == nil ? [] : daemon
        }
        let flows = "\(table.engine), \(table.flows) of \(table.flowBudget) flows in the open window\(fullness(table))"
        let opened = ReportLine.time(window.opened)
        return daemon + [
            ReportLine("window", "number \(window.number), open since \(opened)\(due(window))"),
            ReportLine("table", flows), ReportLine("memory", memory(table)),
        ] + (report.policy.map { [ReportLine("policy", $0.text)] } ?? [])
    }

    private var daemon: [ReportLine] {
        guard let pid = report.measuredBy else {
            return [ReportLine("daemon", "none: counting goes on in the open window; start one with weir run")]
        }
        return report.daemon?.lines ?? [
            ReportLine("daemon", "pid \(pid), which does not answer on its socket (--socket, WEIR_SOCKET)")
        ]
    }

    /// What a table for each CPU says besides.
    private func fullness(_ table: StatusReport.Table) -> String {
        guard let fullest = table.fullestCPU, let lines = table.linesPerCPU else { return "" }
        let probes = table.meanProbeLength.map { ", \(Self.decimal($0)) lines looked at to find one" } ?? ""
        return "; the fullest CPU has \(fullest) of \(lines)\(probes)"
    }

    private static func decimal(_ value: Double) -> String { String(format: "%.2f", value) }

    private func memory(_ table: StatusReport.Table) -> String {
        let kernel = "\(HumanUnits.octets(table.memoryBytes)) in the kernel"
        return report.daemon?.life.residentBytes.map { "\(kernel), \(HumanUnits.octets($0)) in the daemon" } ?? kernel
    }

    private func due(_ window: StatusReport.Window) -> String {
        window.closes.map { ", due at \(ReportLine.time($0))" } ?? ""
    }

    /// Rates are of the last closed window; without a daemon there are none.
    private var hasRates: Bool { report.ports.contains { $0.ingress.rate != nil } }

    private var header: [String] {
        ["PORT", "NO", "ROLE", "STATE", "HOOKS", "DIRECTION", "PACKETS", "OCTETS"]
            + (hasRates ? ["PACKETS/S", "OCTETS/S"] : []) + ["OVERFLOW", "NOT IP", "MALFORMED"]
    }

    private func rows(of port: StatusReport.Port) -> [[String]] {
        let facts = [port.name, "\(port.number)", port.role, port.state, Self.hooks(of: port)]
        return [
            facts + ["ingress"] + cells(of: port.ingress),
            Array(repeating: "", count: facts.count) + ["egress"] + cells(of: port.egress),
        ]
    }

    private func cells(of totals: StatusReport.Totals) -> [String] {
        let rate = totals.rate.map { ["\(UInt64($0.packets.rounded()))", "\(UInt64($0.bytes.rounded()))"] }
        return ["\(totals.seen.packets)", "\(totals.seen.bytes)"] + (hasRates ? rate ?? ["-", "-"] : []) + [
            "\(totals.overflow.packets)", "\(totals.notIP.packets)", "\(totals.malformed.packets)",
        ]
    }

    /// Where frames from and to the port are counted.
    static func hooks(of port: StatusReport.Port) -> String {
        guard let mode = port.xdpMode else { return "from \(port.fromHook), to \(port.toHook)" }
        let from = port.fromHook == Hook.xdpDispatched.name ? "xdp (\(mode), dispatcher)" : "\(port.fromHook) (\(mode))"
        return "from \(from), to \(port.toHook)"
    }
}
