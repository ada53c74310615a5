// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// How taps stand, as the daemon's report has it.
package struct TapReport: ReportSection {
    package var sessions: [TapSessionView] = []
    package var services = 0
    package var failure: String?
    package var mirror: MirrorReport?

    package init() {}

    package init(_ view: TapView, failure: String?) {
        sessions = view.sessions
        services = view.services.count
        self.failure = failure
    }

    package static let facts = [
        Fact<Self>("services", \.services, "Tap services that there are.", .gauge, "weir_tap_services"),
        Fact("failure", \.failure, "Why taps are not in force as they were asked for; left out while they are."),
        Fact(
            "sessions", \.sessions,
            "Sessions of tap flows and tap mirrors: status, ports, and what became of the packets that each took.",
            Metric(
                .gauge, "weir_tap_sessions", "Sessions of tap flows and tap mirrors, by status.", labels: ["status"]
            ) { report in
                TapStatus.allCases.map { status in
                    MetricSample([status.rawValue], report.sessions.filter { $0.status == status }.count)
                }
            },
            counter("packets", "Packets that sessions took (matched), and what became of them.") { $0.packets },
            counter("octets", "Octets from the IP header on of these packets.") { $0.octets }),
        Fact(
            section: "mirror", \.mirror,
            "The process that sends copies of ports whose programs cannot; left out where none is needed."),
    ]

    private static func counter(
        _ unit: String, _ help: String, _ value: @escaping @Sendable (PacketCount) -> UInt64
    ) -> Metric<Self> {
        Metric(
            .counter, "weir_tap_\(unit)_total", help,
            note: "matched = mirrored + all withheld + all failed; truncated is a part of mirrored.",
            labels: ["session", "direction", "outcome"]
        ) { report in
            report.sessions.flatMap { session in
                [("in", session.figures.ingress), ("out", session.figures.egress)].flatMap { direction, counts in
                    TapCounts.parts.map { part in
                        MetricSample([session.name, direction, part.name], value(counts[keyPath: part.path]))
                    }
                }
            }
        }
    }

    package var lines: [ReportLine] {
        let active = sessions.filter { $0.status == .active }.count
        var lines = [ReportLine("taps", "\(counted(sessions.count, "session")), \(active) active")]
        if let failure { lines.append(ReportLine("", failure)) }
        return lines + sessions.map { ReportLine("tap", Self.text($0)) } + mirror.lines
    }

    package var concerns: [Concern] { mirror.concerns }

    private static func text(_ session: TapSessionView) -> String {
        let sum = session.figures.sum
        let ports = session.ports.map(\.port)
        let more = ports.count > 3 ? ", and \(ports.count - 3) more" : ""
        let from = ports.isEmpty ? "no port" : ports.prefix(3).joined(separator: ", ") + more
        var text =
            "\(session.name) (\(session.number)): \(from) to \(session.destination), matched \(sum.matched.packets), "
        text +=
            "mirrored \(sum.mirrored.packets), withheld \(sum.withheld.sum.packets), failed \(sum.failed.sum.packets)"
        guard session.status != .active || session.reason != nil else { return text }
        return text + "; \(session.status.rawValue)" + (session.reason.map { ": \($0)" } ?? "")
    }
}
