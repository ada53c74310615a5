// SPDX-License-Identifier: Apache-2.0

import FlowExport
import WeirService

/// A series for each sink.
extension DaemonMetrics {
    static let sinks: List = [
        Metric(.counter, "weir_export_restarts_total", "How often the daemon started weir-export again.") {
            $0.report.export?.restarts
        },
        sink(.gauge, "weir_sink_failing", "1 while the sink fails or does not answer.") { $0.trouble != nil },
        sink(.counter, "weir_sink_failures_total", "How often the sink began to fail.") { $0.failures },
        sink(.counter, "weir_sink_windows_total", "Windows that the sink has taken.") { $0.counts.windows },
        sink(.counter, "weir_sink_records_total", "Records of all kinds that the sink has taken.") {
            $0.counts.records
        },
        sink(.counter, "weir_sink_bytes_total", "Bytes that the sink has written.", note: "In files: compressed.") {
            $0.counts.bytes
        },
        sink(.counter, "weir_sink_files_total", "Log files that have their final name.") { $0.counts.files },
        sink(.gauge, "weir_sink_behind_windows", "Windows in the store that the sink does not have yet.") {
            $0.windowsBehind
        },
        sink(.gauge, "weir_sink_behind_seconds", "How long ago the oldest of these windows ended.") {
            $0.secondsBehind ?? 0
        },
        sink(.gauge, "weir_sink_held_windows", "Windows in files that are not published yet.") { $0.windowsHeld },
        sink(.counter, "weir_sink_refused_windows_total", "Windows that the other end refused for ever.") {
            $0.counts.refused
        },
        sink(.counter, "weir_sink_damaged_windows_total", "Windows that could not be read from the store.") {
            $0.damaged
        },
    ]

    /// Counts are since weir-export started.
    private static func sink(
        _ kind: Metric<DaemonMetrics>.Kind, _ name: String, _ help: String, note: String? = nil,
        _ value: @escaping @Sendable (SinkReport) -> any MetricNumber
    ) -> Metric<DaemonMetrics> {
        Metric(kind, name, help, note: note, labels: ["sink"]) { source in
            source.report.sinks.map { Metric<DaemonMetrics>.Sample([$0.name], value($0)) }
        }
    }
}
