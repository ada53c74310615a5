// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// The process: since when it is there, and what it is at.
package struct LifeReport: ReportSection {
    /// What the daemon is at.
    package enum State: String, Codable, Sendable {
        /// Some of the ports that are there are not attached yet. Those that are, are measured.
        case starting
        case measuring
        /// The last window is being written.
        case stopping
    }

    package var pid: Int32
    package var bpffs: String
    package var state = State.starting
    package var progress: StartProgress?
    package var startedSeconds: Double
    package var restarts: UInt64?
    package var residentBytes: UInt64?
    package var intervalSeconds: Double

    package init() { self.init(pid: 0, bpffs: "", startedSeconds: 0, intervalSeconds: 0) }

    package init(pid: Int32, bpffs: String, startedSeconds: Double, intervalSeconds: Double) {
        self.pid = pid
        self.bpffs = bpffs
        self.startedSeconds = startedSeconds
        self.intervalSeconds = intervalSeconds
    }

    package static let facts = [
        Fact<Self>("pid", \.pid, "The daemon's process."),
        Fact("bpffs", \.bpffs, "The directory of its pins."),
        Fact(
            "state", \.state,
            "`starting` while some of the ports that are there are not attached yet, `measuring`, or `stopping`."),
        Fact(
            "progress", \.progress,
            "How far the start is: ports that are attached, or taken over from another version; left out when it is over."
        ),
        Fact(
            "started_seconds", \.startedSeconds, "When the daemon started, in seconds since the epoch.", .gauge,
            "weir_start_time_seconds"),
        Fact(
            "restarts", \.restarts, "Starts of the daemon since its state directory was made, without the first.",
            .counter, "weir_restarts_total"),
        Fact(
            "resident_bytes", \.residentBytes,
            "Memory that the daemon has for itself, without the kernel's tables, programs and libraries.", .gauge,
            "weir_resident_memory_bytes", note: "It is RssAnon of proc(5)."),
        Fact("interval_seconds", \.intervalSeconds, "Length of a window.", .gauge, "weir_window_length_seconds"),
    ]

    package var lines: [ReportLine] { [ReportLine("daemon", "pid \(pid), \(text)")] }

    package var concerns: [Concern] {
        switch state {
        case .measuring: []
        case .starting: [.warning("the daemon is starting\(progress.map { ": \($0.text)" } ?? "")")]
        case .stopping: [.warning("the daemon is ending")]
        }
    }

    private var text: String {
        switch state {
        case .starting: progress.map { "starting: \($0.text)" } ?? "starting"
        case .measuring: "a window every \(Int(intervalSeconds)) s"
        case .stopping: "ending: the window so far is being written"
        }
    }
}

/// How far a start is.
package struct StartProgress: Codable, Equatable, Sendable {
    /// Ports that are attached, or taken over from another version.
    package var done: Int
    package var total: Int
    /// Whether they are those of another version.
    package var isTakeover: Bool

    package init(done: Int, total: Int, isTakeover: Bool = false) {
        self.done = done
        self.total = total
        self.isTakeover = isTakeover
    }

    enum CodingKeys: String, CodingKey {
        case done, total
        case isTakeover = "takeover"
    }

    package var text: String { "\(isTakeover ? "took over" : "attached") \(done) of \(total) ports" }
}
