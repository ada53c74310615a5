// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
import Synchronization

/// What the meter's thread writes of itself and of its ports, and others read: held for as long as a copy takes.
package final class DaemonBoard: Sendable {
    private let report: Mutex<DaemonReport>
    private let ledger = Mutex(PortLedger())

    package init(_ report: DaemonReport) { self.report = Mutex(report) }

    package var current: DaemonReport { report.withLock { $0 } }

    /// What the ports counted in closed windows.
    package var ports: PortLedger { ledger.withLock { $0 } }

    package func update(_ change: (inout DaemonReport) -> Void) { report.withLock { change(&$0) } }

    /// Adds what a closed window counted.
    package func add(_ totals: [PortSide: PortTotals], known: [PortNumber: Port]) {
        ledger.withLock { $0.add(totals, known: known) }
        update { $0.ports = known.count }
    }
}
