// SPDX-License-Identifier: Apache-2.0

import FlowExport
package import FlowKernel
import FlowMeter
package import FlowModel
import FlowRecorder
import FlowStore
import FlowVerdict
import Host
package import Logging
import OpenVSwitch
import PortDirectory
import SystemPackage
package import WeirConfiguration

/// The daemon: keeps ports attached, closes windows at their edges, stores their records, has them delivered.
///
/// Owns everything it opens. Used from one thread, which it blocks.
package struct Daemon: ~Copyable {
    package let board: DaemonBoard
    var configuration: Configuration
    let logger: Logger
    private let lock: DaemonLock
    private var loop: MeterLoop<KernelFlowSource, Journal>
    let watch: PortWatch
    private let inspection: PortInspection
    private let switchWatch: SwitchWatch?
    private let dropWatch: DropWatch?
    private let megaflowWatch: MegaflowWatch?
    var names: PortNames
    let state: StateDirectory
    /// What earlier daemons left in the journal, until it is taken up.
    private var found: [Segment]
    let storing: StoreQueue
    let exports: ExportSupervisor
    private let merging: MergeThread
    private var nextLook = MonotonicTime(nanoseconds: 0)
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

    /// Takes over what is pinned; ports are attached by `run`. Where it throws, nothing is changed.
    ///
    /// - Parameter onBoard: told of the board before anything that can take long.
    package init(
        configuration: Configuration, logger: Logger, pid: Int32, onBoard: (DaemonBoard) -> Void = { _ in }
    ) throws {
        try Capability.require(for: "measure ports")
        let directory = PinDirectory(base: configuration.bpffs)
        try directory.prepare()
        let lock = try DaemonLock.take(directory)
        let begin = ClockAnchor.now
        let state = try Self.state(configuration, directory)
        let dropWatch = configuration.watchesKernelDrops ? DropWatch(logger: logger) : nil
        let store = try Self.store(configuration, directory, state)
        let newest = store.newestSequence
        let (journal, segments) = try Self.journal(state, directory, above: newest)
        let exports = try Self.exports(
            configuration.exportPlan(stateID: state.id, start: Self.sinkStart(newest: newest, waiting: segments)),
            logger,
            directory, state)
        let board = Self.board(configuration, pid: pid)
        onBoard(board)
        var waiting = segments
        let switchWatch = try configuration.ovs.map { choice throws(KernelError) in
            try SwitchWatch(choice, logger: logger)
        }
        // Before ports are attached: what comes in at them is to be judged from the first packet on.
        let megaflowWatch = switchWatch.flatMap { MegaflowWatch($0.board, logger: logger) }
        let windows = WindowStore(
            store, judges: JudgeChain(configuration, megaflows: megaflowWatch, drops: dropWatch), logger: logger)
        let interfaces = MergedDirectory([switchWatch?.board.directory].compactMap(\.self))
        let notes = interfaces.isEmpty ? nil : PortNotes(state.portNotes)
        let names = PortNames(configuration, directory: interfaces, notes: notes, board: switchWatch?.board)
        try Self.takeOver(directory, journal, &waiting, configuration, names, board, logger)
        let installation = try Self.installation(configuration, directory, state)
        try Self.loadPolicy(configuration, installation, state, logger)
        let tables = try FlowTables.open(in: directory, sharing: installation.tables.maps.counts)
        dropWatch?.start(for: tables)
        var open = tables.control.openWindow
        open.spansRestart = open.anchor.monotonic < begin.monotonic
        let flowBudget = tables.geometry.flowBudget
        let memory = MemoryPlan(.read())
        let meter = FlowMeter(
            source: try KernelFlowSource(tables: tables), interval: configuration.interval, takingOver: open, now: .now,
            mostFlows: memory.mostFlows)
        let inspection = PortInspection(directory)
        let keeper = try PortKeeper(
            installation: installation, configuration: configuration, directory: interfaces, notes: notes,
            inspection: inspection)
        let watch = try PortWatch(keeper, board: board, logger: logger)

        self.board = board
        self.configuration = configuration
        self.logger = logger
        self.state = state
        found = waiting
        let keeperOfParts = JournalKeeper(
            journal: journal, installation: meter.source.tables.control.installation, logger: logger)
        meter.source.tables.setMeter(pid: pid, interval: configuration.interval)
        switch memory.advice(flowBudget: flowBudget) {
        case .slower(let text): logger.notice("\(text)")
        case .tooLittle(let text): logger.warning("\(text)")
        case nil: break
        }
        windows.mostFlows = memory.mostFlows
        windows.delivered = { exports.delivered ?? .max }
        storing = StoreQueue(
            windows, bound: Int64(configuration.queueSize), mostFlows: memory.mostFlows, stall: board.storeStall
        ) { exports.storeHasChanged() }
        self.exports = exports
        merging = MergeThread(storing, logger: logger) { exports.delivered ?? .max }
        self.lock = lock
        loop = MeterLoop(meter: meter, keeper: keeperOfParts, stall: board.journalStall)
        self.watch = watch
        self.inspection = inspection
        self.switchWatch = switchWatch
        self.dropWatch = dropWatch
        self.megaflowWatch = megaflowWatch
        self.names = names
    }

    /// The ports that are measured now.
    package func ports() throws -> [RegisteredPort] { try loop.meter.source.ports().filter { !$0.isClosing } }

    /// Measures until the stop is requested, or the only reader is gone, then stores and delivers the window so far.
    package mutating func run(until stop: StopSignal) throws {
        storing.ring { stop.nudge() }
        watch.start(ringing: stop)
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
        let ports = (try? ports()) ?? []
        let restarts = StartCounter.countStart(in: configuration.stateDirectory)
        board.update { report in
            report.state = .measuring
            report.restarts = restarts
            report.ports = ports.count
        }
        onStart(ports, beginning.awaited)
    }

    private func beginStopping() {
        watch.end()
        board.update { $0.state = .stopping }
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
    private mutating func follow(_ step: MeterLoop<KernelFlowSource, Journal>.Step) throws -> Bool {
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

extension Daemon {
    /// Stores what earlier daemons left, in the journal and in the kernel.
    private mutating func takeUp() throws {
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
    private mutating func endWindow() throws {
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
    private func namedPorts(of window: Window) throws -> [PortNumber: Port] {
        if try inspection.inspect(loop.meter.source.tables) { watch.review() }
        return try namedPorts(
            since: window.start, inspection.interruptions(closing: window.endReason != nil))
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
    private func keepBound() {
        board.journalStall.during { storing.keepBound(openBytes: loop.keeper.openBytes) }
    }

    private mutating func deliver(_ safe: SafeWindow) {
        dropWatch?.complete(safe.window.window)
        account(for: safe.window, ports: safe.ports)
        board.add(safe.window.totals, known: safe.ports)
        storing.store(safe.window, ports: safe.ports, from: safe.segment)
    }

    private mutating func takeStored() {
        var stored = storing.takeStored()
        for index in stored.indices { loop.meter.recycle(&stored[index].window) }
        report()
    }

    /// False where the operator asked for nothing but lines on standard output, and their reader is gone.
    private var hasReaders: Bool {
        guard configuration.isForStandardOutputOnly, let sink = exports.status.sinks.first else { return true }
        return !sink.isEnded
    }

    private func account(for window: borrowing ClosedWindow, ports: [PortNumber: Port]) {
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

    private func sayWhatWaits() {
        let waiting = storing.status.segmentsWaiting
        guard waiting > 0 else { return }
        logger.warning(
            "\(counted(waiting, "window waits", "windows wait")) in \(state.journal), to be stored by the next daemon"
        )
    }

    private func report() {
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
    private func noteOccupancy() {
        let geometry = loop.meter.source.tables.geometry
        guard geometry.engine == .line, let load = try? loop.meter.source.tables.load() else { return }
        let fullest = Double(load.map(\.lines).max() ?? 0) / Double(geometry.lines)
        board.update { report in
            report.occupancy = fullest
            report.occupancyHighWater = max(report.occupancyHighWater ?? 0, fullest)
        }
    }
}

/// A published window in a line.
package struct WindowSummary: Equatable, Sendable {
    package let window: Window
    package let ports: Int
    /// Where they are too many for the memory, a flow of several early swaps is counted for each.
    package let flows: Int
    package let seen: PacketCount
    package let overflow: PacketCount

    init(_ closed: borrowing ClosedWindow) {
        window = closed.window
        ports = Set(closed.totals.keys.map(\.port)).count
        flows = closed.sums.flows
        seen = closed.totals.values.reduce(.zero) { $0 + $1.seen }
        overflow = closed.totals.values.reduce(.zero) { $0 + $1.overflow }
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
