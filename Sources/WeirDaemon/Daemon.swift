// SPDX-License-Identifier: Apache-2.0

package import DaemonReports
import DirectoryProviders
package import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import FlowVerdict
import HelperSupervision
import Host
import HostMonitor
import HostVerdicts
import Logging
import OpenVSwitch
import PortAttachment
import QEMUProcesses
import SystemPackage
import WeirConfiguration

/// The daemon: keeps ports attached, closes windows at their edges, stores their records, has them delivered.
///
/// Owns everything it opens. Used from one thread, which it blocks.
package struct Daemon: ~Copyable {
    package let board: DaemonBoard
    var configuration: Configuration
    let logger: Logger
    private let lock: DaemonLock
    var loop: MeterLoop<KernelFlowSource, Journal>
    let watch: PortWatch
    let inspection: PortInspection
    let hostWatch: HostWatch
    let providers: ProviderDirectory
    let switchWatch: SwitchWatch?
    let dropWatch: DropWatch?
    let megaflowWatch: MegaflowWatch?
    private let qemuWatch: QEMUWatch?
    var names: PortNames
    let state: StateDirectory
    /// What earlier daemons left in the journal, until it is taken up.
    var found: [Segment]
    let storing: StoreQueue
    let exports: ExportSupervisor
    private let merging: MergeThread
    private var nextLook = MonotonicTime(nanoseconds: 0)
    /// When the ports' counters are due for the monitor.
    var nextPorts = MonotonicTime(nanoseconds: 0)
    /// What was dropped at ports that had the number before, by the time when the port was attached that has it now.
    var droppedBefore: [PortNumber: (attached: UnixTime, dropped: VerdictCounts.Dropped)] = [:]
    /// The ring of samples that weir-export has got.
    var handedRing: UInt32?
    /// Whether the state directory was removed and could not be made anew.
    private var isStateLost = false
    /// Whether all ports are attached that were there at the start.
    package private(set) var hasBegun = false

    /// Told when all ports are attached that were there at the start, with the patterns that match none yet.
    package var onStart: ([RegisteredPort], _ awaited: [String]) -> Void = { _, _ in }
    /// Told when a configuration that was read again is in force.
    package var onReload: () -> Void = {}
    /// Told of each window when it is in the journal, for the live screen.
    package var onWindow: (WindowSummary) -> Void = { _ in }
    /// Told about every second that the meter is at work.
    package var onReview: () -> Void = {}
    /// Told when the end begins, whatever its reason, before the last window is closed.
    package var onStopping: () -> Void = {}

    /// How long a step of the wall clock, and a file that is due, may go unnoticed.
    private static let lookPeriod = Duration.seconds(1)

    /// Assembles what the steps of the start have made; none of this can fail.
    init(_ start: consuming DaemonParts) {
        (board, configuration, logger, state) = (start.board, start.configuration, start.logger, start.state)
        (watch, inspection, names) = (start.watch, start.inspection, start.names)
        (switchWatch, megaflowWatch, dropWatch) = (start.switchWatch, start.megaflowWatch, start.dropWatch)
        (hostWatch, providers, qemuWatch, found) = (start.hostWatch, start.providers, start.qemuWatch, start.waiting)
        let meter = start.meter.take()!
        meter.source.tables.setMeter(pid: start.pid, interval: configuration.interval)
        start.memory.tell(logger, flowBudget: start.flowBudget)
        let exports = start.exports!
        let windows = WindowStore(
            start.store.take()!.take(),
            judges: JudgeChain(configuration, megaflows: megaflowWatch, drops: dropWatch), logger: logger)
        windows.networks = configuration.networks
        windows.mostFlows = start.memory.mostFlows
        windows.delivered = { exports.delivered ?? .max }
        storing = StoreQueue(
            windows, bound: Int64(configuration.queueSize), mostFlows: start.memory.mostFlows, stall: board.storeStall
        ) { exports.storeHasChanged() }
        self.exports = exports
        merging = MergeThread(storing, logger: logger) { exports.delivered ?? .max }
        let keeper = JournalKeeper(
            journal: start.journal, installation: meter.source.tables.control.installation, logger: logger)
        loop = MeterLoop(meter: meter, keeper: keeper, stall: board.journalStall)
        lock = start.lock.take()!
    }

    /// The ports that are measured now.
    package func ports() throws -> [RegisteredPort] { try loop.meter.source.ports().filter { !$0.isClosing } }

    /// Measures until the stop is requested, or the only reader is gone, then stores and delivers the window so far.
    package mutating func run(until stop: StopSignal) throws {
        storing.ring { stop.nudge() }
        watch.start { stop.nudge() }
        do {
            followDrops()
            try takeUp()
            while !stop.isRequested, hasReaders {
                stop.wait(atMost: pause(), orFor: loop.meter.source.wakes)
                if let failure = watch.failure { throw takeLast(before: failure) }
                beginOnce()
                try reload(stop.takeConfiguration())
                if !stop.isRequested { try turn() }
            }
        } catch {
            // The programs go on counting; what is in the journal comes with the next daemon, the rest now.
            beginStopping()
            megaflowWatch?.hurry()
            merging.stop()
            storing.close()
            exports.finish()
            if !hasBegun { takeBack() }
            throw error
        }
        beginStopping()
        try finish()
    }

    private mutating func beginOnce() {
        guard !hasBegun, let beginning = watch.beginning else { return }
        hasBegun = true
        followDrops()
        let ports = (try? ports()) ?? []
        let restarts = state.countStart()
        board.update { report in
            report.life.state = .measuring
            report.life.restarts = restarts
            report.ports.measured = ports.count
        }
        onStart(ports, beginning.awaited)
    }

    private func beginStopping() {
        watch.end()
        hostWatch.end()
        providers.end()
        board.update { $0.life.state = .stopping }
        onStopping()
    }

    /// Leaves nothing of a start that attached no port.
    private func takeBack() {
        loop.meter.source.tables.setMeter(pid: nil, interval: nil)
        try? watch.withKeeper { keeper throws(KernelError) in try keeper.removeIfUnused() }
        state.removeIfNew()
    }

    /// Until the window's edge, the next try of the journal, or the next look at the clock.
    private func pause() -> Duration {
        let now = ClockAnchor.now.monotonic
        return max(.zero, min(now.duration(to: nextLook), now.duration(to: loop.due)))
    }

    private mutating func turn() throws {
        takeStored()
        try workOff()
        if ClockAnchor.now.monotonic >= nextLook { look() }
    }

    /// All that is due at the meter.
    private mutating func workOff() throws {
        var isJournalTouched = loop.keeper.retry != nil
        repeat {
            if loop.isSwapDue { noteOccupancy() }
            guard try follow(loop.next()) else { break }
            isJournalTouched = true
        } while true
        if isJournalTouched { keepBound() }
    }

    /// Does what a step of the meter asks for. Whether there was something.
    mutating func follow(_ step: MeterLoop<KernelFlowSource, Journal>.Step) throws -> Bool {
        switch step {
        case .wait: return false
        case .took(let window):
            loop.keep(ports: try namedPorts(of: window))
            dropWatch?.take(window)
        case .safe(let safe): deliver(safe)
        }
        return true
    }

    private mutating func look() {
        onReview()
        keepState()
        followDrops()
        storing.tend(now: ClockAnchor.now.realtime)
        noteOccupancy()
        readPorts()
        handRing()
        report()
        nextLook = ClockAnchor.now.monotonic.advanced(by: Self.lookPeriod)
    }

    /// Makes the state directory anew where it was removed.
    private mutating func keepState() {
        do throws(JournalError) {
            let isNew = try board.journalStall.during { () throws(JournalError) in try state.makeAnewIfRemoved() }
            isStateLost = false
            guard isNew else { return }
            logger.warning(
                "\(state.path) was removed while in use, and is made anew; load a policy again that was loaded by hand")
            // The one that the configuration names.
            watch.reconfigure(configuration)
        } catch {
            if !isStateLost { logger.error("\(error); measuring goes on") }
            isStateLost = true
        }
    }

    private func followDrops() {
        guard let dropWatch, let ports = try? ports() else { return }
        dropWatch.follow(ports)
    }

    /// Writes down what is counted so far, since the next daemon may not find it, and returns the failure.
    private mutating func takeLast(before failure: KernelError) -> KernelError {
        do {
            try endWindow()
        } catch {
            logger.error("the window so far cannot be written: \(error)")
        }
        return failure
    }

    private mutating func finish() throws {
        try endWindow()
        megaflowWatch?.hurry()
        merging.stop()
        storing.close()
        exports.finish()
        takeStored()
        sayWhatWaits()
        report()
        if configuration.detachesOnExit {
            try watch.withKeeper { keeper throws(KernelError) in try keeper.detachAll() }
        }
        loop.meter.source.tables.setMeter(pid: nil, interval: nil)
        if loop.keeper.retry == nil {
            try watch.withKeeper { keeper throws(KernelError) in try keeper.removeIfUnused() }
        }
    }
}
