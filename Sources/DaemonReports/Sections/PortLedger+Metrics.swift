// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Reporting

/// What became of packets of ports, by outcome.
extension PortLedger {
    static let metrics: [Metric<PortLedger>] = [
        Metric(
            .counter, "weir_truncated_packets_total",
            "Malformed packets that ended before their headers or their IP length did."
        ) { $0.all.truncated.packets },
        Metric(
            .counter, "weir_unparsed_packets_total",
            "Packets that are in no flow, by why, and by what a policy did with them.",
            note:
                "Why: `not-ip`, `malformed`, `truncated`, `too-many-headers`. A policy: `passed`, `audited`, `refused`.",
            labels: ["reason", "policy"]
        ) { unparsed($0.all) },
        Metric(
            .counter, "weir_fragments_without_flow_total",
            "Later fragments whose first was not seen: recorded with ports 0."
        ) { $0.all.fragmentWithoutFlow.packets },
        Metric(
            .counter, "weir_port_packets_total", "Packets of closed windows by what became of them.",
            labels: ["port", "direction", "outcome"]
        ) { byPort($0, \.packets) },
        Metric(
            .counter, "weir_port_bytes_total", "Bytes from the IP header on, by what became of their packets.",
            labels: ["port", "direction", "outcome"]
        ) { byPort($0, \.octets) },
    ]

    private static func unparsed(_ totals: PortTotals) -> [MetricSample] {
        UnparsedReason.allCases.flatMap { reason in
            let (audited, refused) = (totals.audited[reason], totals.refused[reason])
            let passed = totals.unparsed[reason] - audited - refused
            return [("passed", passed), ("audited", audited), ("refused", refused)].map { outcome, count in
                MetricSample(["\(reason.name)", outcome], count.packets)
            }
        }
    }

    private static func byPort(_ ledger: PortLedger, _ unit: KeyPath<PacketCount, UInt64>) -> [MetricSample] {
        ledger.ports.sorted { $0.key < $1.key }.flatMap { port, counts in
            [("ingress", counts.ingress), ("egress", counts.egress)].flatMap { direction, totals in
                outcomes(of: totals).map { outcome, count in
                    MetricSample([port, direction, outcome], count[keyPath: unit])
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
