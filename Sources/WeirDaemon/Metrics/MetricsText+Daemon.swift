// SPDX-License-Identifier: Apache-2.0

import FlowModel
import OpenVSwitch

extension MetricsText {
    /// All that the daemon says of itself and of its ports. docs/metrics.md explains each.
    package init(_ report: DaemonReport, ports: PortLedger) {
        self.init()
        add(lifeOf: report)
        add(windowsOf: report)
        add(tableOf: report)
        add(sinksOf: report)
        add(journalOf: report)
        if let ovs = report.ovs { add(ovs) }
        if let verdicts = report.verdicts { add(verdicts) }
        add(ports)
    }

    private mutating func add(lifeOf report: DaemonReport) {
        gauge(
            "weir_start_time_seconds", report.startedSeconds,
            help: "When the daemon started, in seconds since the epoch.")
        counter(
            "weir_restarts_total", report.restarts,
            help: "Starts of the daemon since its state directory was made, without the first.")
        gauge(
            "weir_resident_memory_bytes", report.residentBytes,
            help: "Memory that the daemon has for itself, without the kernel's tables, programs and libraries.")
        gauge("weir_ports", UInt64(report.ports), help: "Ports that are measured.")
        gauge(
            "weir_ports_refused", UInt64(report.refused.count),
            help: "Interfaces that are to be measured and could not be attached.")
        guard let coverage = report.coverage else { return }
        gauge(
            "weir_ports_impaired", UInt64(coverage.impaired.count),
            help: "Attached ports that are not measured in both directions, or not judged as they should be.")
        counter(
            "weir_port_interruptions_total", coverage.interruptions,
            help: "How often another process had taken away something that a port is measured with.")
    }

    private mutating func add(windowsOf report: DaemonReport) {
        gauge("weir_window_length_seconds", report.intervalSeconds, help: "Length of a window.")
        counter("weir_windows_closed_total", report.windows, help: "Windows closed, with their records safe.")
        counter(
            "weir_windows_published_total", report.windowsPublished,
            help: "Windows whose records went to the sinks, those of earlier daemons among them.")
        counter("weir_records_published_total", report.records, help: "Lines of all kinds that went to the sinks.")
        counter(
            "weir_early_swaps_total", report.earlySwaps,
            help: "Swaps before a window's edge, because tables filled up.")
        summary(
            "weir_swap_seconds", seconds: report.swapSecondsTotal, count: report.swaps,
            help: "Time of a swap, until nobody writes the closed generation.")
        summary(
            "weir_drain_seconds", seconds: report.drainSecondsTotal, count: report.swaps,
            help: "Time to read and merge a closed generation.")
        counter(
            "weir_conservation_violations_total", report.conservationViolations,
            help: "Ports and directions of a window whose frames were not all accounted for. Must be 0.")
        counter(
            "weir_unaccounted_packets_total", report.unaccountedPackets,
            help: "Packets that these were about. Must be 0.")
    }

    private mutating func add(tableOf report: DaemonReport) {
        gauge(
            "weir_table_occupancy_ratio", report.occupancy,
            help: "Part of the fullest CPU's table that the open window has taken.")
        gauge(
            "weir_table_occupancy_high_water_ratio", report.occupancyHighWater,
            help: "The most that it was since the daemon started.")
    }

    private mutating func add(sinksOf report: DaemonReport) {
        counter("weir_files_published_total", report.filesPublished, help: "Log files that have their final name.")
        gauge("weir_sink_failing", UInt64(report.failure == nil ? 0 : 1), help: "1 while a sink fails.")
        counter("weir_sink_failures_total", report.sinkFailures, help: "How often a sink began to fail.")
        gauge(
            "weir_sink_queue_windows", UInt64(report.segmentsWaiting),
            help: "Windows that wait for a sink, or in files that are not published yet.")
        counter(
            "weir_windows_given_up_total", report.windowsGivenUp,
            help: "Windows of whose flows nothing but totals is left, since a sink did not keep up.")
        counter("weir_records_given_up_total", report.recordsGivenUp, help: "Lines that a sink had to give up.")
        counter("weir_packets_given_up_total", report.packetsGivenUp, help: "Packets that those lines stood for.")
    }

    private mutating func add(_ ovs: SwitchReport) {
        gauge("weir_ovs_connected", UInt64(ovs.isConnected ? 1 : 0), help: "1 while Open vSwitch is followed.")
        counter(
            "weir_ovs_reconnects_total", ovs.reconnects, help: "How often Open vSwitch was followed again after a loss."
        )
        gauge("weir_ovs_bridges", UInt64(ovs.bridges.count), help: "Bridges whose guests are measured.")
        gauge("weir_ovs_guest_ports", UInt64(ovs.guestPorts), help: "Ports on them that may be guests'.")
    }

    private mutating func add(journalOf report: DaemonReport) {
        gauge(
            "weir_journal_failing", UInt64(report.journalFailure == nil ? 0 : 1),
            help: "1 while the journal cannot be written: windows stay open until it can.")
        gauge(
            "weir_journal_stalled_seconds", report.journalStalledSeconds ?? 0,
            help: "For how long the disk of the state directory has not answered.")
        gauge(
            "weir_sink_stalled_seconds", report.sinkStalledSeconds ?? 0,
            help: "For how long what takes the flow logs has not answered.")
        gauge("weir_journal_bytes", report.journalBytes, help: "Size of the journal, which is the queue of the sinks.")
        counter(
            "weir_windows_replayed_total", report.windowsReplayed,
            help: "Windows that an earlier daemon left in the journal and this one published.")
        counter(
            "weir_journal_damaged_segments_total", UInt64(report.damagedSegments.count),
            help: "Segments of the journal of which something could not be read.")
    }
}

extension MetricsText {
    private mutating func add(_ ledger: PortLedger) {
        counter(
            "weir_truncated_packets_total", ledger.all.truncated.packets,
            help: "Malformed packets that ended before their headers or their IP length did.")
        begin(
            "weir_unparsed_packets_total", .counter,
            help: "Packets that are in no flow, by why, and by what a policy did with them.")
        for reason in UnparsedReason.allCases {
            let (audited, refused) = (ledger.all.audited[reason], ledger.all.refused[reason])
            let passed = ledger.all.unparsed[reason] - audited - refused
            for (outcome, count) in [("passed", passed), ("audited", audited), ("refused", refused)] {
                add(count.packets, labels: [("reason", "\(reason.name)"), ("policy", outcome)])
            }
        }
        counter(
            "weir_fragments_without_flow_total", ledger.all.fragmentWithoutFlow.packets,
            help: "Later fragments whose first was not seen: recorded with ports 0.")
        let ports = ledger.ports.sorted { $0.key < $1.key }
        begin("weir_port_packets_total", .counter, help: "Packets of closed windows by what became of them.")
        for (name, counts) in ports { add(name, counts, \.packets) }
        begin("weir_port_bytes_total", .counter, help: "Bytes from the IP header on, by what became of their packets.")
        for (name, counts) in ports { add(name, counts, \.octets) }
    }

    private mutating func add(
        _ port: String, _ counts: PortLedger.DirectionCounts, _ unit: KeyPath<PacketCount, UInt64>
    ) {
        for (direction, totals) in [("ingress", counts.ingress), ("egress", counts.egress)] {
            for (outcome, count) in Self.outcomes(of: totals) {
                add(
                    count[keyPath: unit],
                    labels: [("port", port), ("direction", direction), ("outcome", outcome)])
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
