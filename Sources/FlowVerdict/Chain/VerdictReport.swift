// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// What became of packets, as `weir status` and the metrics have it. Counts are of published records since the daemon started.
package struct VerdictReport: ReportSection {
    package typealias Count = VerdictCounts.Count

    package struct Rejection: Codable, Equatable, Sendable {
        package var source: String?
        package var reason: String?
        package var rule: String?
        package var count: Count
    }

    package var accepted: Count
    package var rejected: Count
    package var mixed: Count
    package var unknown: Count
    /// By what has said no, the most packets first.
    package var rejections: [Rejection]

    package init() { self.init(VerdictCounts()) }

    package init(_ counts: VerdictCounts) {
        accepted = counts.accepted
        rejected = counts.rejectedInAll
        mixed = counts.mixed
        unknown = counts.unknown
        rejections = counts.rejected.map { cause, count in
            Rejection(
                source: cause.source.map { "\($0.name)" }, reason: cause.reason, rule: cause.rule, count: count)
        }
        .sorted { ($1.count.packets, $0.name) < ($0.count.packets, $1.name) }
    }
}

extension VerdictReport.Rejection {
    /// For people: the rule, or what else is known of it.
    package var name: String { rule ?? reason ?? source ?? "not known" }
}

extension VerdictReport {
    package static let facts = [
        Fact<Self>("accepted", \.accepted, "Records, packets and bytes that were accepted.", packets, bytes),
        Fact("rejected", \.rejected, "Those that were rejected."),
        Fact("mixed", \.mixed, "Those of records that met both."),
        Fact("unknown", \.unknown, "Those that no judge could decide."),
        Fact(
            "rejections", \.rejections, "Those that were rejected, by what said no, the most packets first.",
            Metric(
                .counter, "weir_rejected_packets_total",
                "Rejected packets of stored records, by verdict source, reason, and rule.",
                note: "At most a thousand of them; further rules are `others`.", labels: ["source", "reason", "rule"]
            ) { verdicts in
                verdicts.rejections.map { rejection in
                    let labels = [rejection.source, rejection.reason, rejection.rule].map { $0 ?? "" }
                    return MetricSample(labels, rejection.count.packets)
                }
            }),
    ]

    private static let packets = Metric<Self>(
        .counter, "weir_verdict_packets_total", "Packets of stored records, by their verdict.",
        note: "`accept`, `reject`, `mixed` or `unknown`.", labels: ["verdict"]
    ) { $0.byVerdict(\.packets) }

    private static let bytes = Metric<Self>(
        .counter, "weir_verdict_bytes_total", "Bytes from the IP header on, by their verdict.", labels: ["verdict"]
    ) { $0.byVerdict(\.bytes) }

    private func byVerdict(_ unit: KeyPath<Count, UInt64>) -> [MetricSample] {
        [("accept", accepted), ("reject", rejected), ("mixed", mixed), ("unknown", unknown)].map {
            MetricSample([$0], $1[keyPath: unit])
        }
    }
}

extension VerdictReport {
    /// Of what said no, those with the most packets.
    private static let mostRejections = 10

    /// What became of packets, and what said no to how many.
    package var lines: [ReportLine] {
        var sums = "packets \(accepted.packets) accepted, \(rejected.packets) rejected"
        if mixed.packets > 0 { sums += ", \(mixed.packets) in records that met both" }
        sums += ", \(unknown.packets) not judged"
        let named = rejections.prefix(Self.mostRejections).map { ReportLine("", $0.text) }
        let rest = rejections.dropFirst(Self.mostRejections)
        guard !rest.isEmpty else { return [ReportLine("verdicts", sums)] + named }
        let packets = rest.reduce(0) { $0 + $1.count.packets }
        let others = "\(packets) rejected by \(counted(rest.count, "other")) (--json)"
        return [ReportLine("verdicts", sums)] + named + [ReportLine("", others)]
    }
}

extension VerdictReport.Rejection {
    fileprivate var text: String {
        let text = "\(count.packets) rejected by \(name)"
        let more = [reason, source].compactMap(\.self).filter { $0 != name }
        return more.isEmpty ? text : "\(text) (\(more.joined(separator: ", ")))"
    }
}
