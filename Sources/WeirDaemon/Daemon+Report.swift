// SPDX-License-Identifier: Apache-2.0

import DaemonReports
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
            report.windows += 1
            report.lastWindow = counts
            report.conservationViolations += UInt64(violations.count)
            report.unaccountedPackets += violations.reduce(0) { $0 + $1.packets }
        }
        report()
        onWindow(WindowSummary(window))
    }

    func sayWhatWaits() {
        let waiting = storing.status.segmentsWaiting
        guard waiting > 0 else { return }
        logger.warning(
            "\(counted(waiting, "window waits", "windows wait")) in \(state.journal), to be stored by the next daemon"
        )
    }

    func report() {
        let status = storing.status
        let exported = exports.status
        let openBytes = loop.keeper.openBytes
        let journalFailure = loop.keeper.failure ?? status.journalFailure
        let journalFailures = loop.keeper.failures + status.journalFailures
        let timing = loop.meter.timing
        let geometry = loop.meter.source.tables.geometry
        var ovs = switchWatch?.board.report
        ovs?.megaflows = megaflowWatch?.board.report
        let drops = dropWatch?.report
        board.update { [ovs] report in
            report.windowsStored = status.windowsStored
            report.records = status.recordsStored
            report.ovs = ovs
            report.kernelDrops = drops
            report.verdicts = VerdictReport(status.verdicts)
            report.sinks = exported.sinks
            report.export = ExportReport(exported)
            report.store = status.store
            report.recordsGivenUp = status.recordsGivenUp
            report.packetsGivenUp = status.packetsGivenUp.packets
            report.windowsGivenUp = status.windowsGivenUp
            report.windowsReplayed = status.windowsReplayed
            report.journalBytes = UInt64(status.journalBytes + openBytes)
            report.segmentsWaiting = status.segmentsWaiting
            report.damagedSegments = status.damaged
            report.storeFailures = status.storeFailures
            report.storeFailure = status.failure
            report.journalFailure = journalFailure
            report.journalFailures = journalFailures
            report.residentBytes = ProcFile.residentBytes
            report.add(timing)
            guard geometry.engine == .line else { return }
            let share = geometry.portShare * geometry.cpus
            let all = geometry.lines * geometry.cpus
            report.saturationPerPort = timing.saturation(room: share, flows: share)
            report.saturation = timing.saturation(room: all, flows: all)
        }
    }

    /// Notes how full the tables are, where that costs nothing: each second, and before they are emptied.
    func noteOccupancy() {
        let geometry = loop.meter.source.tables.geometry
        guard geometry.engine == .line, let load = try? loop.meter.source.tables.load() else { return }
        let fullest = Double(load.map(\.lines).max() ?? 0) / Double(geometry.lines)
        board.update { report in
            report.occupancy = fullest
            report.occupancyHighWater = max(report.occupancyHighWater ?? 0, fullest)
        }
    }
}

extension DaemonReport {
    fileprivate mutating func add(_ timing: MeterTiming) {
        earlySwaps = timing.earlySwaps
        swaps = timing.swaps
        guard timing.swaps > 0 else { return }
        swapSeconds = timing.swap / .seconds(1)
        swapSecondsTotal = timing.swapTotal / .seconds(1)
        drainSeconds = timing.drain / .seconds(1)
        drainSecondsTotal = timing.drainTotal / .seconds(1)
    }
}
