// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowModel
import FlowRecorder
import OpenVSwitch

/// A status report in one line and one level, for monitoring: `weir status --check`.
package struct HealthCheck: Equatable, Sendable {
    /// The exit status of the command, as monitoring plugins have it.
    package enum Level: Int, Comparable, Sendable {
        case fine = 0
        /// Measuring goes on and nothing is lost so far, or a little is and is known; an operator should look.
        case warning = 1
        /// Something is not measured, not published, or not accounted for.
        case critical = 2

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

        var word: String {
            switch self {
            case .fine: "OK"
            case .warning: "WARNING"
            case .critical: "CRITICAL"
            }
        }
    }

    private struct Finding: Equatable, Sendable {
        var level: Level
        var text: String
    }

    private var findings: [Finding] = []
    private let summary: String

    package init(_ report: StatusReport) {
        let attached = report.ports.filter { $0.state == "attached" }.count
        summary = "\(counted(attached, "port")) measured, 0 packets unaccounted"
        findDaemon(report)
        findPorts(report)
        if let daemon = report.daemon { find(daemon) }
    }

    /// A report that could not be had.
    package init(failure: any Error) {
        summary = ""
        findings = [Finding(level: .critical, text: "\(failure)")]
    }

    package var level: Level { findings.map(\.level).max() ?? .fine }

    /// What is worst comes first.
    package var line: String {
        let texts = [Level.critical, .warning].flatMap { level in findings.filter { $0.level == level }.map(\.text) }
        return "\(level.word): \(texts.isEmpty ? summary : texts.joined(separator: "; "))"
    }

    private mutating func add(_ level: Level, _ text: String, if condition: Bool = true) {
        if condition { findings.append(Finding(level: level, text: text)) }
    }
}

extension HealthCheck {
    private mutating func findDaemon(_ report: StatusReport) {
        guard let pid = report.measuredBy else { return add(.critical, "no daemon: no window is closed") }
        guard let daemon = report.daemon else { return add(.critical, "the daemon (pid \(pid)) does not answer") }
        switch daemon.life.state {
        case .measuring: break
        case .starting: add(.warning, "the daemon is starting\(daemon.life.progress.map { ": \($0.text)" } ?? "")")
        case .stopping: add(.warning, "the daemon is ending")
        }
    }

    private mutating func findPorts(_ report: StatusReport) {
        let states: Set = ["attached", "attaching", "closing"]
        for port in report.ports where !states.contains(port.state) {
            let faults = port.faults.map { ": " + $0.joined(separator: "; ") } ?? ""
            add(.critical, "\(port.name) is not measured: \(port.state)\(faults)")
        }
        let damaged = Set(report.ports.filter { $0.faults != nil }.map(\.name))
        for port in report.daemon?.ports.coverage?.impaired ?? [] where !damaged.contains(port.port) {
            add(.critical, "\(port.port): \(port.reason)")
        }
        for (name, reason) in report.refused.sorted(by: { $0.key < $1.key }) {
            add(.critical, "\(name) is not measured: \(reason)")
        }
    }

    private mutating func find(_ daemon: DaemonReport) {
        add(
            .critical, "\(counted(daemon.windows.unaccountedPackets, "packet")) unaccounted",
            if: daemon.windows.violations > 0)
        for trouble in daemon.troubles.journal + daemon.troubles.store { add(.critical, trouble) }
        for trouble in daemon.troubles.sinks { add(.warning, trouble) }
        let overflow = (daemon.windows.last?.ports ?? [:]).values.reduce(0) {
            $0 + $1.ingress.overflowPackets + $1.egress.overflowPackets
        }
        add(.warning, "\(counted(overflow, "packet")) of the last window found no room in the table", if: overflow > 0)
        add(
            .warning, "the flows of \(counted(daemon.journal.windowsGivenUp, "window")) were given up",
            if: daemon.journal.windowsGivenUp > 0)
        let damaged = daemon.journal.damagedSegments.count
        add(.warning, "\(counted(damaged, "segment")) of the journal damaged", if: damaged > 0)
        for problem in daemon.reload?.problems ?? [] { add(.warning, "at the last reload: \(problem)") }
        if let failure = daemon.kernelDrops?.failure { add(.warning, "dropped packets are not followed: \(failure)") }
        for provider in daemon.providers {
            guard let failure = provider.failure else { continue }
            add(.warning, "the provider \(provider.name) does not run: \(failure)")
        }
        guard let ovs = daemon.ovs else { return }
        add(.warning, "Open vSwitch is not followed: \(ovs.failure ?? "not tried yet")", if: !ovs.isConnected)
        if let failure = ovs.megaflows?.failure { add(.warning, "Open vSwitch's megaflows are not known: \(failure)") }
    }
}
