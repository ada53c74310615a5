// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import WeirService

/// What became of packets: of published records by their verdict, of ports by outcome.
extension DaemonMetrics {
    static let verdicts: List = [
        Metric(
            .counter, "weir_verdict_packets_total", "Packets of stored records, by their verdict.",
            note: "`accept`, `reject`, `mixed` or `unknown`.", labels: ["verdict"]
        ) { byVerdict($0, \.packets) },
        Metric(
            .counter, "weir_verdict_bytes_total", "Bytes from the IP header on, by their verdict.",
            labels: ["verdict"]
        ) { byVerdict($0, \.bytes) },
        Metric(
            .counter, "weir_rejected_packets_total",
            "Rejected packets of stored records, by verdict source, reason, and rule.",
            note: "At most a thousand of them; further rules are `others`.", labels: ["source", "reason", "rule"]
        ) { source in
            source.report.verdicts?.rejections.map { rejection in
                let labels = [rejection.source, rejection.reason, rejection.rule].map { $0 ?? "" }
                return Metric.Sample(labels, rejection.count.packets)
            }
        },
    ]

    static let portCounts: List = [
        Metric(
            .counter, "weir_truncated_packets_total",
            "Malformed packets that ended before their headers or their IP length did."
        ) { $0.ports.all.truncated.packets },
        Metric(
            .counter, "weir_unparsed_packets_total",
            "Packets that are in no flow, by why, and by what a policy did with them.",
            note:
                "Why: `not-ip`, `malformed`, `truncated`, `too-many-headers`. A policy: `passed`, `audited`, `refused`.",
            labels: ["reason", "policy"]
        ) { unparsed($0.ports.all) },
        Metric(
            .counter, "weir_fragments_without_flow_total",
            "Later fragments whose first was not seen: recorded with ports 0."
        ) { $0.ports.all.fragmentWithoutFlow.packets },
        Metric(
            .counter, "weir_port_packets_total", "Packets of closed windows by what became of them.",
            labels: ["port", "direction", "outcome"]
        ) { byPort($0.ports, \.packets) },
        Metric(
            .counter, "weir_port_bytes_total", "Bytes from the IP header on, by what became of their packets.",
            labels: ["port", "direction", "outcome"]
        ) { byPort($0.ports, \.octets) },
    ]

    private typealias Sample = Metric<DaemonMetrics>.Sample

    private static func byVerdict(_ source: DaemonMetrics, _ unit: KeyPath<VerdictReport.Count, UInt64>) -> [Sample]? {
        source.report.verdicts.map { verdicts in
            [
                Sample(["accept"], verdicts.accepted[keyPath: unit]),
                Sample(["reject"], verdicts.rejected[keyPath: unit]),
                Sample(["mixed"], verdicts.mixed[keyPath: unit]),
                Sample(["unknown"], verdicts.unknown[keyPath: unit]),
            ]
        }
    }

    private static func unparsed(_ totals: PortTotals) -> [Sample] {
        UnparsedReason.allCases.flatMap { reason in
            let (audited, refused) = (totals.audited[reason], totals.refused[reason])
            let passed = totals.unparsed[reason] - audited - refused
            return [("passed", passed), ("audited", audited), ("refused", refused)].map { outcome, count in
                Sample(["\(reason.name)", outcome], count.packets)
            }
        }
    }

    private static func byPort(_ ledger: PortLedger, _ unit: KeyPath<PacketCount, UInt64>) -> [Sample] {
        ledger.ports.sorted { $0.key < $1.key }.flatMap { port, counts in
            [("ingress", counts.ingress), ("egress", counts.egress)].flatMap { direction, totals in
                outcomes(of: totals).map { outcome, count in
                    Sample([port, direction, outcome], count[keyPath: unit])
                }
            }
        }
    }

    /// They exclude one another, and add up to what was seen.
    private static func outcomes(of totals: PortTotals) -> [(String, PacketCount)] {
        [
            ("recorded", totals.recorded), ("overflow", totals.overflow), ("not_ip", totals.notIP),
            ("malformed", totals.malformed),
        ]
    }
}
