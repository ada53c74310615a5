// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// How a sink stands, as `weir-export` reports it. Counts are since that process started.
package struct SinkReport: ReportSection {
    package var name: String
    package var kind: String
    package var to: String?
    package var failure: String?
    package var failures: UInt64 = 0
    package var stalledSeconds: Double?
    package var counts = SinkCounts()
    package var acknowledged: UInt64 = 0
    package var windowsBehind = 0
    package var secondsBehind: Double?
    package var windowsHeld = 0
    package var nextDelivery: Int64?
    package var damaged: UInt64 = 0
    package var isEnded = false
    /// nil where the sink takes no state.
    package var state: StateReport?

    package init() { self.init(name: "", kind: "", to: nil) }

    package init(
        name: String, kind: String, to: String?, failure: String? = nil, stalledSeconds: Double? = nil
    ) {
        self.name = name
        self.kind = kind
        self.to = to
        self.failure = failure
        self.stalledSeconds = stalledSeconds
    }

    package static let facts = [
        Fact<Self>("name", \.name, "Its name."),
        Fact("kind", \.kind, "What kind of sink it is."),
        Fact("to", \.to, "Where its records go."),
        Fact(
            "failure", \.failure, "What failed last; left out while all is well.",
            Metric(.gauge, "weir_sink_failing", "1 while the sink fails or does not answer.") { $0.trouble != nil }),
        Fact("failures", \.failures, "How often the sink began to fail.", .counter, "weir_sink_failures_total"),
        Fact(
            "stalled_seconds", \.stalledSeconds,
            "For how long the other end has not answered; left out while it does."),
        Fact(section: "counts", \.counts, "What it did."),
        Fact("acknowledged", \.acknowledged, "The number of the last window that is safe at the other end."),
        Fact(
            "windows_behind", \.windowsBehind, "Windows in the store that the sink does not have yet.", .gauge,
            "weir_sink_behind_windows"),
        Fact(
            "seconds_behind", \.secondsBehind,
            "How long ago the oldest of these windows ended; left out where there is none.",
            Metric(.gauge, "weir_sink_behind_seconds", "How long ago the oldest of these windows ended.") {
                $0.secondsBehind ?? 0
            }),
        Fact(
            "windows_held", \.windowsHeld, "Windows in files that are not published yet.", .gauge,
            "weir_sink_held_windows"),
        Fact("next_delivery", \.nextDelivery, "When these are delivered at the latest, in Unix seconds."),
        Fact(
            "damaged", \.damaged, "Windows that could not be read from the store.", .counter,
            "weir_sink_damaged_windows_total"),
        Fact("ended", \.isEnded, "Whether the other end is gone for good: the reader of standard output."),
        Fact(
            section: "state", \.state,
            "The state of the host and its machines, where the sink takes it; left out elsewhere."),
    ]

    /// What keeps records from the other end now, in a sentence.
    package var trouble: String? {
        if let stalledSeconds { return ReportLine.stalled("the sink \(name)", stalledSeconds) }
        return failure.map { "the sink \(name): \($0)" }
    }

    /// Takes in how the state gets to the same sink.
    package mutating func add(_ state: StateReport) {
        self.state = state
        failure = failure ?? state.failure
        failures += state.failures
        stalledSeconds = stalledSeconds ?? state.stalledSeconds
    }

    /// What the sink has, and what it does not have yet.
    package var lines: [ReportLine] {
        let isFiles = counts.files > 0 || kind == "files"
        var text = "\(name)\(to.map { isFiles ? " under \($0)" : " to \($0)" } ?? ""): "
        var parts: [String] = []
        if state?.isAlone != true {
            parts.append(
                counted(counts.records, "record") + (isFiles ? " in \(counted(counts.files, "file"))" : ""))
        }
        if let state {
            parts.append(counted(state.updates, "report") + " of the host")
            if state.dropped > 0 { parts.append("\(state.dropped) dropped") }
            if let datagrams = state.datagrams { parts.append(counted(datagrams, "datagram")) }
            if let dropped = state.datagramsDropped, dropped > 0 {
                parts.append(counted(dropped, "datagram") + " dropped")
            }
            if let sampling = state.sampling { parts.append(sampling.text) }
        }
        text += parts.joined(separator: ", ")
        if windowsHeld > 0 {
            let due = nextDelivery.map { " at \(ReportLine.time($0))" } ?? ""
            text += "; \(counted(windowsHeld, "window")) in a file that is due\(due)"
        }
        if windowsBehind > 0 {
            text += "; \(counted(windowsBehind, "window")) behind"
            if let secondsBehind { text += ", the oldest ended \(Int(secondsBehind)) s ago" }
        }
        if counts.refused > 0 { text += "; \(counted(counts.refused, "window")) refused and put aside" }
        if damaged > 0 { text += "; \(counted(damaged, "window")) could not be read from the store" }
        return [ReportLine("sink", text)]
    }
}

/// What a sink did since its process started.
package struct SinkCounts: ReportSection {
    package var windows: UInt64 = 0
    package var records: UInt64 = 0
    package var bytes: UInt64 = 0
    package var files: UInt64 = 0
    package var refused: UInt64 = 0

    package init() {}

    package static let facts = [
        Fact<Self>("windows", \.windows, "Windows that the sink has taken.", .counter, "weir_sink_windows_total"),
        Fact(
            "records", \.records, "Records of all kinds that the sink has taken.", .counter,
            "weir_sink_records_total"),
        Fact(
            "bytes", \.bytes, "Bytes that the sink has written.", .counter, "weir_sink_bytes_total",
            note: "In files: compressed."),
        Fact("files", \.files, "Log files that have their final name.", .counter, "weir_sink_files_total"),
        Fact(
            "refused", \.refused, "Windows that the other end refused for ever.", .counter,
            "weir_sink_refused_windows_total"),
    ]
}
