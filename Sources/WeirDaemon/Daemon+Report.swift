// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowExport
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import FlowVerdict
import HelperSupervision
import Host
import HostVerdicts
import Logging
import OpenVSwitch

/// What the daemon says of itself, gathered from its parts.
extension Daemon {
    func account(for window: borrowing ClosedWindow, ports: [PortNumber: Port]) {
        let violations = window.violations
        for violation in violations { logger.critical("frames are not all accounted for: \(violation)") }
        let counts = WindowCounts(window, known: ports)
        board.update { report in
            report.windows.closed += 1
            report.windows.last = counts
            report.windows.violations += UInt64(violations.count)
            report.windows.unaccountedPackets += violations.reduce(0) { $0 + $1.packets }
        }
        report()
        onWindow(WindowSummary(window))
    }

    func sayWhatWaits() {
        let waiting = storing.status.journal.windowsWaiting
        guard waiting > 0 else { return }
        logger.warning(
            "\(counted(waiting, "window waits", "windows wait")) in \(state.journal), to be stored by the next daemon"
        )
    }

    func report() {
        let status = storing.status
        let delivery = exports.report
        var journal = status.journal
        journal.add(loop.keeper)
        let timing = loop.meter.timing
        let geometry = loop.meter.source.tables.geometry
        var ovs = switchWatch?.board.report
        ovs?.megaflows = megaflowWatch?.board.report
        let drops = dropWatch?.report
        board.update { [ovs, journal, providers] report in
            report.life.residentBytes = ProcFile.residentBytes
            report.swaps.take(timing)
            report.journal = journal
            report.store = status.store
            report.delivery = delivery
            report.providers = providers.reports
            report.ovs = ovs
            report.verdicts = VerdictReport(status.verdicts)
            report.kernelDrops = drops
            guard geometry.engine == .line else { return }
            let share = geometry.portShare * geometry.cpus
            let all = geometry.lines * geometry.cpus
            report.swaps.saturationPerPort = timing.saturation(room: share, flows: share)
            report.swaps.saturation = timing.saturation(room: all, flows: all)
        }
    }

    /// Notes how full the tables are, where that costs nothing: each second, and before they are emptied.
    func noteOccupancy() {
        let geometry = loop.meter.source.tables.geometry
        guard geometry.engine == .line, let load = try? loop.meter.source.tables.load() else { return }
        let fullest = Double(load.map(\.lines).max() ?? 0) / Double(geometry.lines)
        board.update { report in
            report.swaps.occupancy = fullest
            report.swaps.occupancyHighWater = max(report.swaps.occupancyHighWater ?? 0, fullest)
        }
    }
}
