// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowMeter
import FlowModel
import FlowRecorder
import FlowStore
import FlowTestKit
import FlowVerdict
import Host
import Logging
import SystemPackage

/// One process of `weir run` on a simulated host: the real meter, journal, judges and store, in the order in which the daemon has them, on
/// one thread.
final class SimulatedDaemon {
    private let process: SimulatedProcess
    private let clock: SimulatedClock
    private let ports: [PortNumber: Port]
    private let bound: Int64
    private let mostFlows: Int
    private var loop: MeterLoop<SimulatedFlowSource, Journal>
    private let store: WindowStore
    private let merger: StoreMerger
    private let delivered: DeliveredWindows
    private var waiting: [WaitingWindow] = []
    /// When the store is tried again that failed.
    private var retry = MonotonicTime(nanoseconds: 0)

    static let journal: FilePath = "/state/journal"
    static let storePath: FilePath = "/store"
    static let interval = Duration.seconds(60)

    /// Takes up what earlier processes left, in the journal and in the kernel.
    init(_ host: SimulatedHost, _ kernel: SimulatedKernel, _ process: SimulatedProcess) throws {
        let plan = host.plan
        self.process = process
        clock = host.clock
        ports = host.ports
        bound = plan.journalBound
        mostFlows = plan.mostFlows
        let writer = try StoreWriter(Self.storePath, plan.retention, groupRows: plan.groupRows, pageRows: 20)
        let logger = Logger(label: "simulation") { [isTraced = host.isTraced] _ in TraceHandler(isTraced) }
        store = WindowStore(writer, judges: JudgeChain(policy: PolicyJudge(), then: [host.judge]), logger: logger)
        store.mostFlows = plan.mostFlows
        delivered = host.delivered
        if host.mutation != .uncountedRetention { store.delivered = { [delivered] in delivered.last } }
        merger = store.makeMerger(groupRows: plan.groupRows)
        let (journal, segments) = try Journal.open(Self.journal, above: store.newestSequence ?? 0)
        var open = kernel.openWindow
        open.spansRestart = true
        var meter = FlowMeter(
            source: SimulatedFlowSource(kernel, process), interval: Self.interval, takingOver: open, now: clock.now,
            mostFlows: plan.mostFlows)
        var keeper = JournalKeeper(
            journal: journal, installation: kernel.installation, logger: logger, clock: clock)
        let found = try keeper.takeUp(segments, ports: ports, unreleased: kernel.unreleasedWindow, &meter)
        loop = MeterLoop(meter: meter, keeper: keeper, stall: Stall(patience: .seconds(1)), clock: clock)
        waiting = found.map { WaitingWindow($0) }
        if let safe = try loop.settle() { take(safe) }
    }

    /// Windows that are complete and not in the store.
    var windowsWaiting: Int { waiting.count }

    /// Does all that is due at the meter.
    func measure() throws {
        while try follow(loop.next()) {}
        keepBound()
    }

    /// Deletes what the store has no room for.
    func tend() { store.tend(now: clock.now.realtime) }

    /// Merges an hour where one is over.
    ///
    /// - Parameter isStopped: called in the middle of it.
    func merge(isStopped: () -> Bool) throws {
        _ = try merger.step(now: clock.now.realtime, delivered: delivered.last, isStopped: isStopped)
    }

    /// Ends the open window. Returns whether all is in the journal.
    func finish() throws -> Bool {
        while try follow(loop.takeLast()), loop.keeper.retry != nil {}
        deliver()
        return loop.keeper.retry == nil
    }

    private func follow(_ step: consuming MeterLoop<SimulatedFlowSource, Journal>.Step) throws -> Bool {
        switch step {
        case .wait: return false
        case .took: loop.keep(ports: ports)
        case .safe(let safe): take(safe)
        }
        return true
    }

    private func take(_ safe: consuming SafeWindow) {
        let isWhole = safe.window.journaled.flows == 0
        waiting.append(isWhole && waiting.count < 2 ? WaitingWindow(safe) : WaitingWindow(safe.segment))
    }

    /// Stores the windows that are complete.
    func deliver() {
        guard clock.now.monotonic >= retry else { return }
        while !waiting.isEmpty, !process.isDead {
            switch store.deliver(waiting.removeFirst()) {
            case .stored(var content, _): loop.meter.recycle(&content.window)
            case .unreadable: break
            case .failed(let again):
                waiting.insert(again, at: 0)
                retry = clock.now.monotonic.advanced(by: .seconds(1))
                return
            }
        }
    }

    /// Gives up the flows of the oldest windows while the journal has more than its bound, but for the newest window.
    private func keepBound() {
        var place = 0
        while waiting.reduce(0, { $0 + $1.segment.bytes }) > bound, place < waiting.count - 1 {
            defer { place += 1 }
            guard let short = try? Journal.giveUp(waiting[place].segment, mostFlows: mostFlows) else { continue }
            waiting[place] = WaitingWindow(short.segment)
        }
    }
}

/// Prints what the daemon logs where the run is traced.
private struct TraceHandler: LogHandler {
    private let isTraced: Bool
    var metadata = Logger.Metadata()
    var logLevel: Logger.Level {
        get { isTraced ? .info : .critical }
        set {}
    }

    init(_ isTraced: Bool) { self.isTraced = isTraced }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { print("    daemon: \(event.message)") }
}
