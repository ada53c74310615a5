// SPDX-License-Identifier: Apache-2.0

import FlowStore
import OpenVSwitch
package import WeirService

/// What the daemon's metrics are read from, and their list. A metric that is added here is on the page; the table in
/// docs/metrics.md must have its row, which `DaemonMetricsTests` prints.
package struct DaemonMetrics: Sendable {
    package let report: DaemonReport
    package let ports: PortLedger

    package init(report: DaemonReport, ports: PortLedger) {
        self.report = report
        self.ports = ports
    }

    package typealias List = [Metric<DaemonMetrics>]

    /// In the order of the page.
    package static let all = life + windows + table + journal + store + sinks + openVSwitch + verdicts + portCounts
}

extension DaemonMetrics {
    private static let life: List = [
        Metric(.gauge, "weir_start_time_seconds", "When the daemon started, in seconds since the epoch.") {
            $0.report.startedSeconds
        },
        Metric(
            .counter, "weir_restarts_total",
            "Starts of the daemon since its state directory was made, without the first."
        ) { $0.report.restarts },
        Metric(
            .gauge, "weir_resident_memory_bytes",
            "Memory that the daemon has for itself, without the kernel's tables, programs and libraries.",
            note: "It is RssAnon of proc(5)."
        ) { $0.report.residentBytes },
        Metric(.gauge, "weir_ports", "Ports that are measured.", note: "As the last closed window knew them.") {
            $0.report.ports
        },
        Metric(.gauge, "weir_ports_refused", "Interfaces that are to be measured and could not be attached.") {
            $0.report.refused.count
        },
        Metric(
            .gauge, "weir_ports_impaired",
            "Attached ports that are not measured in both directions, or not judged as they should be.",
            note: "What another process took away cannot be put back, or the policy cannot be put in force."
        ) { $0.report.coverage?.impaired.count },
        Metric(
            .counter, "weir_port_interruptions_total",
            "How often another process had taken away something that a port is measured with."
        ) { $0.report.coverage?.interruptions },
    ]

    private static let windows: List = [
        Metric(.gauge, "weir_window_length_seconds", "Length of a window.") { $0.report.intervalSeconds },
        Metric(.counter, "weir_windows_closed_total", "Windows closed, with their records safe.") { $0.report.windows },
        Metric(
            .counter, "weir_windows_stored_total",
            "Windows whose records went to the store, those of earlier daemons among them."
        ) { $0.report.windowsStored },
        Metric(.counter, "weir_records_stored_total", "Records of all kinds that went to the store.") {
            $0.report.records
        },
        Metric(
            .counter, "weir_early_swaps_total", "Swaps before a window's edge, because tables filled up."
        ) { $0.report.earlySwaps },
        Metric(summary: "weir_swap_seconds", "Time of a swap, until no program writes the closed generation.") {
            ($0.report.swapSecondsTotal, $0.report.swaps)
        },
        Metric(summary: "weir_drain_seconds", "Time to read and merge a closed generation.") {
            ($0.report.drainSecondsTotal, $0.report.swaps)
        },
        Metric(
            .counter, "weir_conservation_violations_total",
            "Ports and directions of a window whose frames were not all accounted for. Must be 0."
        ) { $0.report.conservationViolations },
        Metric(.counter, "weir_unaccounted_packets_total", "Packets that these were about. Must be 0.") {
            $0.report.unaccountedPackets
        },
    ]

    private static let table: List = [
        Metric(
            .gauge, "weir_table_occupancy_ratio",
            "Part of the fullest CPU's table that the open window has taken.",
            note: "From 0 to 1; left out for `percpu-hash`."
        ) { $0.report.occupancy },
        Metric(
            .gauge, "weir_table_occupancy_high_water_ratio", "The most that it was since the daemon started."
        ) { $0.report.occupancyHighWater },
    ]

    private static let store: List = [
        Metric(
            .gauge, "weir_store_failing", "1 while the store cannot be written.", note: "Windows wait in the journal."
        ) { $0.report.storeFailure != nil },
        Metric(.counter, "weir_store_failures_total", "How often the store began to fail.") { $0.report.storeFailures },
        Metric(
            .gauge, "weir_store_stalled_seconds", "For how long the disk of the store has not answered.",
            note: "0 while it does."
        ) { $0.report.storeStalledSeconds ?? 0 },
        Metric(.gauge, "weir_store_bytes", "Size of the store.") { UInt64(clamping: $0.report.store?.bytes ?? 0) },
        Metric(
            .gauge, "weir_store_oldest_seconds", "When the oldest window in the store began, in Unix seconds.",
            note: "0 while there is none."
        ) { UInt64(clamping: $0.report.store?.oldestSeconds ?? 0) },
        Metric(
            .gauge, "weir_store_queue_windows", "Windows that wait for the store."
        ) { $0.report.segmentsWaiting },
        Metric(
            .counter, "weir_windows_given_up_total",
            "Windows of whose flows nothing but totals is left, since the store did not keep up."
        ) { $0.report.windowsGivenUp },
        Metric(.counter, "weir_records_given_up_total", "Records of these windows.") {
            $0.report.recordsGivenUp
        },
        Metric(.counter, "weir_packets_given_up_total", "Packets that those records stood for.") {
            $0.report.packetsGivenUp
        },
    ]

    private static let journal: List = [
        Metric(
            .gauge, "weir_journal_failing",
            "1 while the state directory, where the journal is, cannot be written or read.",
            note: "Windows stay open, or wait in the journal, until it can."
        ) { $0.report.journalFailure != nil },
        Metric(.counter, "weir_journal_failures_total", "How often the journal began to fail.") {
            $0.report.journalFailures
        },
        Metric(
            .gauge, "weir_journal_stalled_seconds",
            "For how long the disk of the state directory has not answered.", note: "0 while it does."
        ) { $0.report.journalStalledSeconds ?? 0 },
        Metric(.gauge, "weir_journal_bytes", "Size of the journal, which is the queue of the store.") {
            $0.report.journalBytes
        },
        Metric(
            .counter, "weir_windows_replayed_total",
            "Windows that an earlier daemon left in the journal and this one stored."
        ) { $0.report.windowsReplayed },
        Metric(
            .counter, "weir_journal_damaged_segments_total",
            "Segments of the journal of which something could not be read."
        ) { $0.report.damagedSegments.count },
    ]

    /// Left out where Open vSwitch is not followed.
    private static let openVSwitch: List = [
        Metric(
            .gauge, "weir_ovs_connected", "1 while Open vSwitch is followed.",
            note: "With `--ovs`; while it is 0, ports that are attached are measured on."
        ) { $0.report.ovs?.isConnected },
        Metric(
            .counter, "weir_ovs_reconnects_total", "How often Open vSwitch was followed again after a loss."
        ) { $0.report.ovs?.reconnects },
        Metric(.gauge, "weir_ovs_bridges", "Bridges whose guests are measured.") { $0.report.ovs?.bridges.count },
        Metric(.gauge, "weir_ovs_guest_ports", "Ports on them that may be guests'.") { $0.report.ovs?.guestPorts },
    ]
}
