// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import Host
import Synchronization

/// What the meter's thread writes of itself and of its ports, and others read: held for as long as a copy takes.
package final class DaemonBoard: Sendable {
    private let report: Mutex<DaemonReport>
    private let ledger = Mutex(PortLedger())

    package init(_ report: DaemonReport) { self.report = Mutex(report) }

    /// Of the disk with the state directory.
    package let journalStall = Stall(patience: .seconds(3))
    /// Of the disk with the store; judging a window may take some seconds, too.
    package let storeStall = Stall(patience: .seconds(10))

    package var current: DaemonReport {
        var report = report.withLock { $0 }
        report.journalStalledSeconds = journalStall.seconds
        report.storeStalledSeconds = storeStall.seconds
        return report
    }

    /// What the ports counted in closed windows.
    package var ports: PortLedger { ledger.withLock { $0 } }

    package func update(_ change: (inout DaemonReport) -> Void) { report.withLock { change(&$0) } }

    /// Adds what a closed window counted.
    package func add(_ totals: [PortSide: PortTotals], known: [PortNumber: Port]) {
        ledger.withLock { $0.add(totals, known: known) }
        update { $0.ports = known.count }
    }
}
