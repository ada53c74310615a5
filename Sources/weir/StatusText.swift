// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowFormats
import FlowKernel
import FlowModel
import FlowStore
import Foundation
import LiveStatus
import OpenVSwitch

/// A status report for people.
struct StatusText {
    private let report: StatusReport

    init(_ report: StatusReport) { self.report = report }

    var text: String {
        guard !facts.isEmpty else { return "Nothing is attached under \(report.bpffs)." }
        var lines = facts.map { $0.padding(toLength: 10, withPad: " ", startingAt: 0) + $1 }
        guard report.table != nil else { return lines.joined(separator: "\n") }
        lines.append("")
        lines += TextTable(rows: [header] + report.ports.flatMap(rows), rightAligned: 6..<header.count).lines
        lines += report.ports.flatMap { port in (port.faults ?? []).map { "\(port.name): damaged: \($0)" } }
        lines += report.ports.flatMap { port in port.limits.map { "\(port.name): \($0)" } }
        lines += report.refused.sorted { $0.key < $1.key }.map { "\($0): not measured: \($1)" }
        if let missed = report.missedFrames, missed > 0 {
            lines.append(
                "not counted: at most \(counted(missed, "frame")) to AF_XDP ports, whose senders the kernel interrupted"
            )
        }
        return lines.joined(separator: "\n")
    }

    private typealias Fact = (name: String, value: String)

    private var facts: [Fact] {
        guard let table = report.table, let window = report.window else {
            return report.daemon == nil ? [] : daemon
        }
        var facts =
            daemon + [
                ("window", "number \(window.number), open since \(Self.time(window.opened))\(due(window))"),
                (
                    "table",
                    "\(table.engine), \(table.flows) of \(table.flowBudget) flows in the open window\(fullness(table))"
                ),
                ("memory", memory(table)),
            ]
        if let policy = report.policy { facts.append(("policy", policy.text)) }
        return facts
    }

    private var daemon: [Fact] {
        guard let pid = report.measuredBy else {
            return [("daemon", "none: counting goes on in the open window; start one with weir run")]
        }
        guard let daemon = report.daemon else {
            return [("daemon", "pid \(pid), which does not answer on its socket (--socket, WEIR_SOCKET)")]
        }
        var facts: [Fact] = [
            ("daemon", "pid \(pid), \(Self.state(of: daemon))"),
            ("closed", "windows \(daemon.windows), records \(daemon.records)"),
            ("packets", "\(daemon.unaccountedPackets) unaccounted: seen = in records + overflow + not IP + malformed"),
        ]
        if let reload = daemon.reload { facts.append(("reloaded", Self.text(reload))) }
        if let swaps = swaps(daemon) { facts.append(("swaps", swaps)) }
        if daemon.recordsGivenUp > 0 {
            facts.append(
                (
                    "lost",
                    "\(counted(daemon.recordsGivenUp, "record")) of \(counted(daemon.packetsGivenUp, "packet")), given up"
                ))
        }
        facts.append(("journal", journal(daemon)))
        if let store = daemon.store { facts.append(("store", Self.text(store))) }
        facts += daemon.sinks.map { ("sink", Self.text($0)) }
        if let coverage = daemon.coverage { facts += Self.facts(coverage) }
        if let ovs = daemon.ovs { facts.append(("ovs", Self.text(ovs))) }
        if let megaflows = daemon.ovs?.megaflows { facts.append(("megaflows", Self.text(megaflows))) }
        if let verdicts = daemon.verdicts { facts += Self.facts(verdicts) }
        if let drops = daemon.kernelDrops { facts.append(("drops", Self.text(drops))) }
        facts += (daemon.troubles.journal + daemon.troubles.store + daemon.troubles.sinks).map { ("failing", $0) }
        return facts
    }

    private static func state(of daemon: DaemonReport) -> String {
        switch daemon.state {
        case .starting: daemon.progress.map { "starting: \($0.text)" } ?? "starting"
        case .measuring: "a window every \(Int(daemon.intervalSeconds)) s"
        case .stopping: "ending: the window so far is being written"
        }
    }

    /// When the configuration was read again, and what came of it.
    private static func text(_ reload: ReloadReport) -> String {
        let head = "the configuration, \(time(reload.seconds))"
        guard !reload.problems.isEmpty else { return head }
        let problems = reload.problems.joined(separator: "; ")
        return reload.isFailed ? "\(head): not taken, all stays as it was: \(problems)" : "\(head), but \(problems)"
    }

    /// What the store holds.
    private static func text(_ store: StoreContents) -> String {
        guard let oldest = store.oldestSeconds, let newest = store.newestSeconds else { return "nothing yet" }
        let span = "\(time(oldest)) to \(time(newest))"
        return "\(counted(store.segments, "window")), \(span), \(HumanUnits.octets(UInt64(clamping: store.bytes)))"
    }

    /// What a sink has, and what it does not have yet.
    private static func text(_ sink: SinkReport) -> String {
        var text = "\(sink.name)\(sink.to.map { " under \($0)" } ?? ""): \(counted(sink.counts.records, "record"))"
        if sink.counts.files > 0 || sink.to != nil { text += " in \(counted(sink.counts.files, "file"))" }
        if sink.windowsHeld > 0 {
            let due = sink.nextDelivery.map { " at \(time($0))" } ?? ""
            text += "; \(counted(sink.windowsHeld, "window")) in a file that is due\(due)"
        }
        if sink.windowsBehind > 0 {
            text += "; \(counted(sink.windowsBehind, "window")) behind"
            if let seconds = sink.secondsBehind { text += ", the oldest ended \(Int(seconds)) s ago" }
        }
        if sink.counts.refused > 0 { text += "; \(counted(sink.counts.refused, "window")) refused and put aside" }
        if sink.damaged > 0 { text += "; \(counted(sink.damaged, "window")) could not be read from the store" }
        return text
    }

    /// What waits for the store.
    private func journal(_ daemon: DaemonReport) -> String {
        var text =
            "\(counted(daemon.segmentsWaiting, "window waits", "windows wait")), \(HumanUnits.octets(daemon.journalBytes))"
        if daemon.windowsReplayed > 0 { text += "; \(daemon.windowsReplayed) of an earlier daemon" }
        if daemon.windowsGivenUp > 0 { text += "; \(daemon.windowsGivenUp) given up but for their totals" }
        if !daemon.damagedSegments.isEmpty {
            text += "; damaged: \(daemon.damagedSegments.joined(separator: ", "))"
        }
        return text
    }

    /// What is not measured, or was not for some time.
    private static func facts(_ coverage: CoverageReport) -> [Fact] {
        var facts: [Fact] = coverage.impaired.map { ("impaired", "\($0.port): \($0.reason)") }
        if let last = coverage.lastInterruption {
            facts.append(("mended", "\(coverage.interruptions) times; last \(last)"))
        }
        return facts
    }

    /// What is known of the switch.
    private static func text(_ ovs: SwitchReport) -> String {
        let bridges = ovs.bridges.isEmpty ? "no bridge" : ovs.bridges.joined(separator: ", ")
        var text = ovs.isConnected ? "connected" : "not connected (\(ovs.failure ?? "not tried yet"))"
        text += ", \(counted(ovs.guestPorts, "port")) of guests of \(ovs.interfaces) on \(bridges)"
        if ovs.reconnects > 0 { text += "; \(counted(ovs.reconnects, "reconnect"))" }
        if let standIns = ovs.standIns, !standIns.isEmpty {
            text += "; records stand in at \(standIns.joined(separator: ", "))"
        }
        if let lack = ovs.standInsLack, !lack.isEmpty {
            text += "; for records to stand in, \(lack.joined(separator: ", ")) would have to be measured or known"
        }
        return text
    }

    /// How the emptying of tables keeps up.
    private func swaps(_ daemon: DaemonReport) -> String? {
        guard let swap = daemon.swapSeconds, swap > 0 else { return nil }
        let swaps = "last took \(Int((swap * 1000).rounded())) ms, \(daemon.earlySwaps) early"
        guard let all = daemon.saturation, let port = daemon.saturationPerPort else { return swaps }
        return "\(swaps); keeps up with \(Int(all)) new flows a second, \(Int(port)) of them of one port"
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
        return report.daemon?.residentBytes.map { "\(kernel), \(HumanUnits.octets($0)) in the daemon" } ?? kernel
    }

    private func due(_ window: StatusReport.Window) -> String {
        window.closes.map { ", due at \(Self.time($0))" } ?? ""
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

    private static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
    }
}
