// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import HelperSupervision
import Host
import HostVerdicts
import Logging
import PortAttachment
import WeirConfiguration

/// From a closed window to the store.
extension Daemon {
    /// Stores what earlier daemons left, in the journal and in the kernel.
    mutating func takeUp() throws {
        let unreleased = loop.meter.source.tables.control.unreleasedWindow
        let ports = try namedPorts(since: unreleased?.anchor.realtime)
        let segments = try loop.keeper.takeUp(found, ports: ports, unreleased: unreleased, &loop.meter)
        found = []
        if !segments.isEmpty {
            logger.notice("storing \(counted(segments.count, "window")) that waited in the journal")
        }
        storing.replay(segments)
        storing.keepBound(openBytes: loop.keeper.openBytes)
        try settle()
    }

    /// Ends the open window. Where the journal cannot be written, the kernel keeps what it holds for the next daemon.
    mutating func endWindow() throws {
        var step = try loop.takeLast()
        if case .safe = step {
            // Of a part that had waited.
            _ = try follow(step)
            step = try loop.takeLast()
        }
        guard try follow(step) else { return }
        try settle()
    }

    /// All ports that can have counts in a window that was just closed, as the records name them, and whether they were measured
    /// throughout: they are inspected now.
    func namedPorts(of window: Window) throws -> [PortNumber: Port] {
        if try inspection.inspect(loop.meter.source.tables) { watch.review() }
        let ports = try namedPorts(
            since: window.start, inspection.interruptions(closing: window.endReason != nil))
        names.endWindow(try loop.meter.source.ports())
        return ports
    }

    private func namedPorts(
        since start: UnixTime?, _ interruptions: [PortNumber: String] = [:]
    ) throws -> [PortNumber: Port] {
        let registered = try loop.meter.source.ports()
        var ports = names.ports(registered)
        for port in registered {
            let isPart = port.isClosing || port.attached > start ?? port.attached
            let coverage = interruptions[port.number].map { .interrupted($0) } ?? (isPart ? .part : PortCoverage.whole)
            ports[port.number] = ports[port.number]?.with(coverage)
        }
        return ports
    }

    /// Makes durable what is not yet, and hands over the window that is complete with it.
    private mutating func settle() throws {
        if let safe = try loop.settle() { deliver(safe) }
        keepBound()
    }

    /// Keeps the journal within its bound.
    func keepBound() {
        board.journalStall.during { storing.keepBound(openBytes: loop.keeper.openBytes) }
    }

    mutating func deliver(_ safe: SafeWindow) {
        dropWatch?.complete(safe.window.window)
        account(for: safe.window, ports: safe.ports)
        board.add(safe.window.totals, known: safe.ports)
        storing.store(safe.window, ports: safe.ports, from: safe.segment)
    }

    mutating func takeStored() {
        var stored = storing.takeStored()
        for index in stored.indices { loop.meter.recycle(&stored[index].window) }
        report()
    }

    /// False where the operator asked for nothing but lines on standard output, and their reader is gone.
    var hasReaders: Bool {
        guard configuration.isForStandardOutputOnly, let sink = exports.report.sinks.first else { return true }
        return !sink.isEnded
    }
}
