// SPDX-License-Identifier: Apache-2.0

package import FlowExport
package import FlowMeter
package import FlowModel
package import FlowStore
package import FlowVerdict
package import OpenVSwitch

/// What the daemon says of itself, as `weir status` shows it and Prometheus reads it. Counts are since it started.
///
/// Every fact has its place here, and nowhere else: the code that measures it writes it by `DaemonBoard.update`.
package struct DaemonReport: Codable, Equatable, Sendable {
    /// What the daemon is at.
    package enum State: String, Codable, Sendable {
        /// Some of the ports that are there are not attached yet. Those that are, are measured.
        case starting
        case measuring
        /// The last window is being written.
        case stopping
    }

    package var pid: Int32
    package var state = State.starting
    /// How far the start is; nil when it is over, and before there is anything to count.
    package var progress: StartProgress?
    /// Where its pins are.
    package var bpffs: String
    /// When the configuration was read again last, and what came of it; nil where it was not.
    package var reload: ReloadReport?
    /// Ports that were to be attached and could not be, with the reason, by name.
    package var refused: [String: String] = [:]
    /// Unix seconds.
    package var startedSeconds: Double
    /// Starts since the state directory was made, without the first; nil where they cannot be counted.
    package var restarts: UInt64?
    package var intervalSeconds: Double
    /// Ports that the last closed window knew.
    package var ports = 0
    /// Windows that were closed and whose records are safe.
    package var windows: UInt64 = 0
    /// Windows that went to the store, those of earlier daemons among them; and their records.
    package var windowsStored: UInt64 = 0
    package var records: UInt64 = 0
    /// Records that were given up because the store did not keep up, with the packets they stood for.
    package var recordsGivenUp: UInt64 = 0
    package var packetsGivenUp: UInt64 = 0
    /// Windows of whose flows nothing but totals is left, since the store did not keep up.
    package var windowsGivenUp: UInt64 = 0
    /// What is in the store.
    package var store: StoreContents?
    /// How each sink stands.
    package var sinks: [SinkReport] = []
    /// The process that delivers to them; nil where there is no sink.
    package var export: ExportReport?
    /// What the journal takes on the disk.
    package var journalBytes: UInt64 = 0
    /// Windows in the journal, which wait for the store.
    package var segmentsWaiting = 0
    /// Windows that an earlier daemon had left in the journal.
    package var windowsReplayed: UInt64 = 0
    /// Segments of the journal of which something could not be read.
    package var damagedSegments: [String] = []
    /// Ports and directions whose frames were not all accounted for. Must be 0.
    package var conservationViolations: UInt64 = 0
    /// Packets that these are about. Must be 0.
    package var unaccountedPackets: UInt64 = 0
    /// What was counted in the window that was closed last; nil before the first.
    package var lastWindow: WindowCounts?
    package var residentBytes: UInt64?
    /// How often tables were emptied, at edges and before them.
    package var swaps: UInt64 = 0
    /// How often tables were emptied before their window's edge because they filled up.
    package var earlySwaps: UInt64 = 0
    /// How long the last swap took, until no program wrote the closed generation any more; and all of them.
    package var swapSeconds: Double?
    package var swapSecondsTotal: Double = 0
    /// How long it took to read and merge what the last swap closed; and all.
    package var drainSeconds: Double?
    package var drainSecondsTotal: Double = 0
    /// The part of the fullest CPU's table that the open window has taken, 0 to 1; and the most that it was. nil where
    /// CPUs have no tables of their own.
    package var occupancy: Double?
    package var occupancyHighWater: Double?
    /// New flows a second, over all CPUs, beyond which some may not find room: of one port, and of many. nil until
    /// there was a window that told.
    package var saturationPerPort: Double?
    package var saturation: Double?
    /// How often the store began to fail.
    package var storeFailures: UInt64 = 0
    /// How often the journal began to fail; nil where the daemon is of a version that does not count it.
    package var journalFailures: UInt64? = 0
    /// What is known of Open vSwitch; nil where it is not followed.
    package var ovs: SwitchReport?
    /// How packets that the kernel drops are followed; nil where they are not.
    package var kernelDrops: DropReport?
    /// How completely ports are measured; nil where the daemon is of a version that does not say.
    package var coverage: CoverageReport?
    /// What became of the packets of stored records.
    package var verdicts: VerdictReport?
    /// What the store failed with last; nil while all is well.
    package var storeFailure: String?
    /// What the journal failed with last; nil while all is well.
    package var journalFailure: String?
    /// For how long the disk of the state directory, or that of the store, has not answered; nil while they do.
    package var journalStalledSeconds: Double?
    package var storeStalledSeconds: Double?

    package init(
        pid: Int32, bpffs: String, startedSeconds: Double, intervalSeconds: Double
    ) {
        self.pid = pid
        self.bpffs = bpffs
        self.startedSeconds = startedSeconds
        self.intervalSeconds = intervalSeconds
    }

    /// Disks that do not answer.
    package var stalls: [String] {
        [
            journalStalledSeconds.map { _ in "the disk of the journal" },
            storeStalledSeconds.map { _ in "the disk of the store" },
        ].compactMap(\.self)
    }

    /// What keeps windows from the journal, the store or a sink now, a sentence each.
    package var troubles: (journal: [String], store: [String], sinks: [String]) {
        func sentence(_ who: String, _ seconds: Double?) -> String? {
            seconds.map { "\(who) has not answered for \(Int($0)) s" }
        }
        return (
            [sentence("the disk of the journal", journalStalledSeconds), journalFailure].compactMap(\.self),
            [sentence("the disk of the store", storeStalledSeconds), storeFailure].compactMap(\.self),
            [export?.failure.map { "weir-export does not run: \($0)" }].compactMap(\.self) + sinks.compactMap(\.trouble)
        )
    }

    enum CodingKeys: String, CodingKey {
        case pid, state, progress, bpffs, reload, refused, restarts, ports, windows, records, swaps, store, sinks,
            export
        case ovs, verdicts, coverage
        case kernelDrops = "kernel_drops"
        case startedSeconds = "started_seconds"
        case intervalSeconds = "interval_seconds"
        case storeFailures = "store_failures"
        case storeFailure = "store_failure"
        case journalFailures = "journal_failures"
        case windowsStored = "windows_stored"
        case recordsGivenUp = "records_given_up"
        case packetsGivenUp = "packets_given_up"
        case windowsGivenUp = "windows_given_up"
        case journalFailure = "journal_failure"
        case journalStalledSeconds = "journal_stalled_seconds"
        case storeStalledSeconds = "store_stalled_seconds"
        case journalBytes = "journal_bytes"
        case segmentsWaiting = "segments_waiting"
        case windowsReplayed = "windows_replayed"
        case damagedSegments = "damaged_segments"
        case conservationViolations = "conservation_violations"
        case unaccountedPackets = "unaccounted_packets"
        case lastWindow = "last_window"
        case residentBytes = "resident_bytes"
        case earlySwaps = "early_swaps"
        case swapSeconds = "swap_seconds"
        case swapSecondsTotal = "swap_seconds_total"
        case drainSeconds = "drain_seconds"
        case drainSecondsTotal = "drain_seconds_total"
        case occupancy
        case occupancyHighWater = "occupancy_high_water"
        case saturationPerPort = "saturation_flows_per_second_per_port"
        case saturation = "saturation_flows_per_second"
    }
}

/// The process that delivers to sinks.
package struct ExportReport: Codable, Equatable, Sendable {
    /// nil while it does not run.
    package var pid: Int32?
    /// How often it was started again.
    package var restarts: UInt64 = 0
    /// Why it does not run; nil while it does.
    package var failure: String?

    package init() {}
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

/// What came of reading the configuration again.
package struct ReloadReport: Codable, Equatable, Sendable {
    /// Unix seconds.
    package var seconds: Int64
    /// Whether it could not be read at all, and all stayed as it was.
    package var isFailed: Bool
    /// What is not as the configuration says now, a sentence each.
    package var problems: [String]

    package init(seconds: Int64, isFailed: Bool = false, problems: [String] = []) {
        self.seconds = seconds
        self.isFailed = isFailed
        self.problems = problems
    }

    enum CodingKeys: String, CodingKey {
        case seconds, problems
        case isFailed = "failed"
    }
}

/// What ports counted in one window.
package struct WindowCounts: Codable, Equatable, Sendable {
    package struct Port: Codable, Equatable, Sendable {
        package var ingress = Direction()
        package var egress = Direction()
    }

    package struct Direction: Codable, Equatable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var overflowPackets: UInt64 = 0

        enum CodingKeys: String, CodingKey {
            case packets, bytes
            case overflowPackets = "overflow_packets"
        }
    }

    package var seconds: Double
    /// By the interface's name.
    package var ports: [String: Port] = [:]
}

extension WindowCounts {
    /// - Parameter known: the ports that could have counted in it.
    package init(_ window: borrowing ClosedWindow, known: [PortNumber: FlowModel.Port]) {
        seconds = window.window.start.duration(to: window.window.end) / .seconds(1)
        for port in known.values { ports[port.name] = Port() }
        for (side, totals) in window.totals {
            guard let name = known[side.port]?.name else { continue }
            switch side.direction {
            case .ingress: ports[name]?.ingress.add(totals)
            case .egress: ports[name]?.egress.add(totals)
            }
        }
    }
}

extension WindowCounts.Direction {
    fileprivate mutating func add(_ totals: PortTotals) {
        packets += totals.seen.packets
        bytes += totals.seen.octets
        overflowPackets += totals.overflow.packets
    }
}
