// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowExport
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import FlowStore
import HelperSupervision
import Host
import HostMonitor
import HostTaps
import HostVerdicts
import Logging
import OpenVSwitch
import PortAttachment
import PortDirectory
import QEMUProcesses
import Synchronization
import SystemPackage
import WeirConfiguration

/// What the steps of a start have made so far: each step has its method here, and makes what is declared before it. `Daemon.startSteps` says in
/// which order they are called, and how each is undone.
struct DaemonParts: ~Copyable {
    let configuration: Configuration
    let logger: Logger
    let pid: Int32
    let onBoard: (DaemonBoard) -> Void
    let directory: PinDirectory

    init(_ configuration: Configuration, _ logger: Logger, pid: Int32, onBoard: @escaping (DaemonBoard) -> Void) {
        self.configuration = configuration
        self.logger = logger
        self.pid = pid
        self.onBoard = onBoard
        directory = PinDirectory(base: configuration.bpffs)
    }

    var lock: DaemonLock?
    private var begin = ClockAnchor.now
    /// Whether tables were pinned before this start.
    private var hadTables = false

    mutating func takeLock() throws {
        lock = try DaemonLock.take(directory)
        begin = ClockAnchor.now
        hadTables = directory.hasMaps
    }

    private(set) var state: StateDirectory!

    mutating func takeStateDirectory() throws { state = try StateDirectory(configuration.stateDirectory) }

    var store: Held<StoreWriter>?
    /// The highest number in the store; nil where it is empty.
    private var newest: UInt64?

    mutating func openStore() throws {
        let writer = try StoreWriter(FilePath(configuration.store), configuration.storeRetention)
        newest = writer.newestSequence
        store = Held(writer)
    }

    private(set) var journal: Journal!
    /// What earlier daemons left in the journal.
    private(set) var waiting: [Segment] = []

    /// Numbers of new windows are above those in the store, and, since the store and the journal may have been emptied, above the time in
    /// milliseconds.
    mutating func openJournal() throws {
        let time = UInt64(clamping: ClockAnchor.now.realtime.milliseconds)
        (journal, waiting) = try Journal.open(state.journal, above: max(newest ?? 0, time))
    }

    private(set) var exports: ExportSupervisor!

    /// A sink that has no cursor yet begins with the first window that this daemon stores, or takes up from the journal.
    mutating func startExports() throws {
        let newest = newest ?? 0
        let start = waiting.first.map { min(newest, $0.sequence - 1) } ?? newest
        exports = ExportSupervisor(configuration.exportPlan(stateID: state.id, start: start), logger: logger)
        try exports.start()
    }

    private(set) var board: DaemonBoard!

    mutating func makeBoard() {
        board = DaemonBoard(
            DaemonReport(
                LifeReport(
                    pid: pid, bpffs: configuration.bpffs,
                    startedSeconds: Double(ClockAnchor.now.realtime.nanoseconds) / 1e9,
                    intervalSeconds: configuration.interval / .seconds(1))))
        onBoard(board)
    }

    private(set) var hostWatch: HostWatch!

    mutating func startHostWatch() throws {
        board.monitor.interval = configuration.monitorInterval
        hostWatch = try HostWatch(board.monitor)
        hostWatch.start()
    }

    private(set) var providers: ProviderDirectory!

    mutating func startProviders() {
        providers = ProviderDirectory(logger: logger)
        board.monitor.follow { [providers] now, age in
            providers?.machines(now: now, staleAfter: age) ?? MonitorBoard.Machines()
        }
        providers.configure(configuration.monitoredProviders)
    }

    /// nil where taps are not named by QEMU's processes.
    private(set) var qemuWatch: QEMUWatch?

    /// Names are worth less than measuring: where it cannot be, the start goes on without.
    mutating func followQEMU() {
        guard configuration.namesQEMU else { return }
        do throws(KernelError) {
            qemuWatch = try QEMUWatch(logger: logger)
        } catch {
            logger.warning("taps of QEMU's processes are not named: \(error)")
        }
    }

    private(set) var switchWatch: SwitchWatch?
    private(set) var megaflowWatch: MegaflowWatch?
    private(set) var interfaces = MergedDirectory([])
    private(set) var notes: PortNotes?
    private(set) var names: PortNames!

    /// Before ports are attached: what comes in at them is to be judged from the first packet on.
    mutating func followSwitch() throws {
        let logger = logger
        switchWatch = try configuration.ovs.map { choice throws(KernelError) in
            try SwitchWatch(choice, logger: logger)
        }
        megaflowWatch = switchWatch.flatMap { MegaflowWatch($0.board, logger: logger) }
        let directories: [(any InterfaceDirectory)?] = [
            providers, switchWatch?.board.directory, qemuWatch?.directory,
        ]
        interfaces = MergedDirectory(directories.compactMap(\.self))
        notes = PortNotes(state.portNotes)
        names = PortNames(configuration, directory: interfaces, notes: notes, board: switchWatch?.board)
    }

    /// Brings over what a version with another layout left, ports and counts, and removes its pins.
    ///
    /// Where it throws, both count on, and the next start goes on with it.
    mutating func takeOver() throws {
        let (configuration, interfaces, notes, runtime) = (configuration, interfaces, notes, tapRuntime)
        let takeover = VersionTakeover(
            directory: directory, configuration: configuration, names: names,
            taps: { TapTakeover(runtime(), configuration, directory: interfaces, notes: notes) }, board: board,
            logger: logger)
        waiting = try takeover.run(journal, waiting)
    }

    private var installation: Held<Installation>?

    mutating func openTables() throws {
        installation = Held(try Installation.openOrCreate(directory, configuration.tables))
    }

    /// Takes away the tables that this start has made.
    mutating func removeTables() {
        guard !hadTables else { return }
        if let installation = installation.take() {
            try? installation.take().removeIfUnused()
        } else if let installation = (try? Installation.open(directory)) ?? nil {
            // The step that failed with them has closed them.
            try? installation.removeIfUnused()
        }
    }

    /// Puts in force what the configuration names, else what was loaded last. What is wrong with it leaves in force what was.
    ///
    /// Throws where nothing was: the ports that it is to be enforced on would be open.
    mutating func loadPolicy() throws {
        let keeper = PolicyKeeper(configuration)
        let (configuration, logger) = (configuration, logger)
        try installation!.with { installation in
            do {
                if let file = configuration.policy {
                    try keeper.load(file, into: installation)
                } else {
                    try keeper.reload(into: installation)
                }
            } catch {
                guard configuration.policy == nil || keeper.hasPolicy(installation) else { throw error }
                logger.error("the policy is not loaded, and what was in force stays: \(error)")
            }
        }
    }

    private(set) var dropWatch: DropWatch?
    private(set) var memory = MemoryPlan(nil)
    private(set) var flowBudget = 0
    var meter: FlowMeter<KernelFlowSource>?

    mutating func makeMeter() throws {
        let directory = directory
        let tables = try installation!.with { installation throws(KernelError) in
            try FlowTables.open(in: directory, sharing: installation.tables.maps.counts)
        }
        let sampled = Held(
            try installation!.with { installation throws(KernelError) in
                try FlowTables.open(in: directory, sharing: installation.tables.maps.counts)
            })
        board.sampling.follow { sampled.with { SamplingReport($0) } }
        dropWatch = configuration.watchesKernelDrops ? DropWatch(logger: logger) : nil
        dropWatch?.start(for: tables)
        var open = tables.control.openWindow
        open.spansRestart = open.anchor.monotonic < begin.monotonic
        flowBudget = tables.geometry.flowBudget
        memory = MemoryPlan(.read())
        meter = FlowMeter(
            source: try KernelFlowSource(tables: tables), interval: configuration.interval, takingOver: open, now: .now,
            mostFlows: memory.mostFlows)
    }

    private(set) var inspection: PortInspection!
    private(set) var watch: PortWatch!

    mutating func makePortWatch() throws {
        inspection = PortInspection(directory)
        var keeper = try PortKeeper(
            installation: installation.take()!.take(), configuration: configuration, directory: interfaces,
            notes: notes, inspection: inspection)
        keeper.taps = tapRuntime()
        keeper.taps?.relay = TapRelay(MirrorSupervisor(logger: logger), logger: logger)
        watch = try PortWatch(keeper, board: board, logger: logger)
    }

    private var tapRuntime: () -> TapRuntime {
        let (folder, desk, settings, logger) = (state.path, board.taps, TapSettings(configuration), logger)
        return { TapRuntime(stateDirectory: folder, desk: desk, settings: settings, logger: logger) }
    }
}

/// What a step has made and another one hands over to another thread. A class: an optional generic structure that cannot be copied crashes in a
/// debug build of Swift 6.3.1.
final class Held<Value: ~Copyable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: consuming sending Value) { self.value = Mutex(value) }

    /// To be called once.
    func take() -> sending Value { value.withLock { value in value.take()! } }

    func with<Result: ~Copyable, Failure: Error>(
        _ body: (borrowing Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try value.withLock { value throws(Failure) in try body(value!) }
    }
}
