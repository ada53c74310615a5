// SPDX-License-Identifier: Apache-2.0

package import FlowExport
package import FlowMeter
package import FlowModel
import FlowRecorder
package import Host
package import HostMonitor
package import Reporting
import Synchronization
package import TapService

/// What the meter's thread writes of itself and of its ports, and others read: held for as long as a copy takes.
package final class DaemonBoard: Sendable {
    private let report: Mutex<DaemonReport>
    private let ledger = Mutex(PortLedger())

    package init(_ report: DaemonReport) { self.report = Mutex(report) }

    /// Of the disk with the state directory.
    package let journalStall = Stall(patience: .seconds(3))
    /// Of the disk with the store; judging a window may take some seconds, too.
    package let storeStall = Stall(patience: .seconds(10))
    /// What the host and its machines do.
    package let monitor = MonitorBoard()
    /// What is asked for about taps, and how they stand.
    package let taps = TapDesk()
    /// What is sampled at ports.
    package let sampling = SamplingBoard()

    package var current: DaemonReport {
        var report = report.withLock { $0 }
        report.journal.stalledSeconds = journalStall.seconds
        report.store.stalledSeconds = storeStall.seconds
        return report
    }

    /// With what the ports counted in closed windows.
    package var metrics: DaemonMetrics { DaemonMetrics(report: current, ports: ledger.withLock { $0 }) }

    package func update(_ change: (inout DaemonReport) -> Void) { report.withLock { change(&$0) } }

    /// Adds what a closed window counted.
    package func add(_ totals: [PortSide: PortTotals], known: [PortNumber: Port]) {
        ledger.withLock { $0.add(totals, known: known) }
        update { $0.ports.measured = known.count }
    }
}

/// What the daemon's metrics are read from, and their list: those that sections of the report declare, and those of ports.
package struct DaemonMetrics: Sendable {
    package let report: DaemonReport
    package let ports: PortLedger

    package init(report: DaemonReport, ports: PortLedger) {
        self.report = report
        self.ports = ports
    }

    /// In the order of the page.
    package static let all: [Metric<DaemonMetrics>] =
        DaemonReport.metrics.map { $0.of { $0.report } } + PortLedger.metrics.map { $0.of { $0.ports } }
}

/// Where those that ask learn what is sampled at ports: read when it is asked for, since samples are told of with it.
package final class SamplingBoard: Sendable {
    private let read = Mutex<@Sendable () -> SamplingReport>({ SamplingReport() })

    package init() {}

    /// - Parameter read: called at each report, on its thread.
    package func follow(_ read: @escaping @Sendable () -> SamplingReport) { self.read.withLock { $0 = read } }

    package var report: SamplingReport { read.withLock(\.self)() }
}
