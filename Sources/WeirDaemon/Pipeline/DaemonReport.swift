// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the daemon says of itself, as `weir status` shows it.
package struct DaemonReport: Codable, Equatable, Sendable {
    package var pid: Int32
    package var intervalSeconds: Double
    package var logDirectory: String?
    package var windows: UInt64 = 0
    package var records: UInt64 = 0
    package var filesPublished: UInt64 = 0
    /// Records that a sink had to give up, with the packets they stood for.
    package var recordsGivenUp: UInt64 = 0
    package var packetsGivenUp: UInt64 = 0
    /// Ports and directions whose frames were not all accounted for. Must be 0.
    package var conservationViolations: UInt64 = 0
    package var residentBytes: UInt64?
    /// How often tables were emptied before their window's edge because they filled up.
    package var earlySwaps: UInt64 = 0
    /// How long the last swap took, until nobody wrote the closed generation any more.
    package var swapSeconds: Double?
    /// New flows a second, over all CPUs, beyond which some may not find room: of one port, and of many. nil until
    /// there was a window that told.
    package var saturationPerPort: Double?
    package var saturation: Double?
    /// What a sink failed with last; nil while all is well.
    package var failure: String?

    package init(pid: Int32, intervalSeconds: Double, logDirectory: String?) {
        self.pid = pid
        self.intervalSeconds = intervalSeconds
        self.logDirectory = logDirectory
    }

    enum CodingKeys: String, CodingKey {
        case pid, windows, records, failure
        case intervalSeconds = "interval_seconds"
        case logDirectory = "log_dir"
        case filesPublished = "files_published"
        case recordsGivenUp = "records_given_up"
        case packetsGivenUp = "packets_given_up"
        case conservationViolations = "conservation_violations"
        case residentBytes = "resident_bytes"
        case earlySwaps = "early_swaps"
        case swapSeconds = "swap_seconds"
        case saturationPerPort = "saturation_flows_per_second_per_port"
        case saturation = "saturation_flows_per_second"
    }
}

/// The report that the meter's thread writes and the control socket reads.
package final class DaemonBoard: Sendable {
    private let report: Mutex<DaemonReport>

    package init(_ report: DaemonReport) { self.report = Mutex(report) }

    package var current: DaemonReport { report.withLock { $0 } }

    func update(_ change: (inout DaemonReport) -> Void) { report.withLock { change(&$0) } }
}
