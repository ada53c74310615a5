// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
import FlowTestKit
import SystemPackage

/// A host with its disk, its kernel, and the processes of Weir, on one thread: who does what next is up to the seed.
final class SimulatedHost {
    let seed: UInt64
    private(set) var plan: SimulationPlan
    let mutation: Mutation?
    let disk: SimulatedDisk
    let clock = SimulatedClock(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), realtime: UnixTime(seconds: 1_800_000_000))
    let delivered = DeliveredWindows()
    let judge = SimulatedJudge()
    let ports: [PortNumber: Port]
    let collectors: [Collector]
    private var random: SplitMix64

    private var daemon: (process: SimulatedProcess, daemon: SimulatedDaemon)?
    private var exporter: (process: SimulatedProcess, exporter: SimulatedExporter)?
    /// Since each start of the host.
    private(set) var kernels: [SimulatedKernel]
    private(set) var history = StoreHistory()
    private var observed = 0
    /// All files at the end.
    private(set) lazy var files = disk.files
    /// Whether nothing fails any more.
    private var isCalm = false
    private(set) var deaths = 0

    private static let ports: [PortNumber] = [PortNumber(1), PortNumber(2)]
    /// That a process makes at most before it dies as planned.
    private static let callsBeforeDeath = 80

    /// Whether it prints what happens.
    let isTraced: Bool
    private var turns = 0

    init(seed: UInt64, _ mutation: Mutation?, isTraced: Bool) {
        self.seed = seed
        self.isTraced = isTraced
        self.mutation = mutation
        random = SplitMix64(seed: seed)
        plan = SimulationPlan(&random)
        plan.chooseFormat(seed: seed)
        disk = SimulatedDisk(seed: random.next())
        ports = Dictionary(
            uniqueKeysWithValues: Self.ports.map { ($0, Port(number: $0, name: "tap\($0.rawValue)", role: .guest)) })
        let refused: UInt64? = Bool.random(using: &random) ? 5 : nil
        let seeds = (random.next(), random.next())
        collectors = plan.sinks.compactMap { sink in
            switch sink {
            case .atLeastOnce: Collector("often", .atLeastOnce, refused: refused, seed: seeds.0)
            case .atMostOnce: Collector("once", .atMostOnce, refused: nil, seed: seeds.1)
            case .files, .parquet: nil
            }
        }
        kernels = []
        clock.advance(by: plan.start)
        boot()
    }

    var kernel: SimulatedKernel { kernels[kernels.count - 1] }

    private func boot() {
        kernels.append(
            SimulatedKernel(installation: UInt64(kernels.count + 1), capacity: plan.capacity, opened: clock.now))
    }
}

// MARK: Events

extension SimulatedHost {
    /// One turn of everything.
    func turn() {
        turns += 1
        trace("turn \(turns), \(clock.now.realtime.seconds)")
        count()
        pass()
        changeFaults()
        startProcesses()
        planDeaths()
        workDaemon()
        workExporter()
        buryTheDead()
    }

    func trace(_ text: @autoclosure () -> String) {
        if isTraced { print("    \(text())") }
    }

    private func chance(_ odds: Double) -> Bool { odds > 0 && Double.random(in: 0..<1, using: &random) < odds }

    private func count() {
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            guard let port = Self.ports.randomElement(using: &random) else { return }
            kernel.count(
                .random(in: 1...9, using: &random), flow: .random(in: 0..<plan.flows, using: &random), at: port,
                now: clock.now.monotonic)
        }
    }

    private func pass() {
        clock.advance(by: .milliseconds(.random(in: 50...40_000, using: &random)))
        if chance(plan.pauses) { clock.advance(by: .seconds(.random(in: 600...3600, using: &random))) }
        if chance(plan.steps) { clock.step(by: .seconds(.random(in: -900...900, using: &random))) }
    }

    private func changeFaults() {
        guard chance(0.15) else { return }
        disk.faults = chance(0.5) ? plan.faults : .none
        trace("faults: \(disk.faults)")
        for collector in collectors { collector.failures = chance(0.5) ? plan.failingSinks : 0 }
    }

    private func startProcesses() {
        if daemon == nil, chance(0.8) { startDaemon() }
        if exporter == nil, chance(0.6) { startExporter() }
    }

    private func startDaemon() {
        let process = start()
        planDeath(of: process)
        delivered.note(plan.sinks.isEmpty ? .max : 0)
        perform(process, .storing) { daemon = (process, try SimulatedDaemon(self, kernel, process)) }
        trace("daemon started: \(daemon != nil)")
        if daemon == nil { process.kill() }
    }

    private func startExporter() {
        let process = start()
        planDeath(of: process)
        perform(process, .exporting) { exporter = (process, try SimulatedExporter(self, process)) }
        trace("exporter started: \(exporter != nil)")
        if exporter == nil { process.kill() }
    }

    private func start() -> SimulatedProcess {
        var process = disk.start()
        process.ignoresSync = mutation == .noSync
        process.removesBeforeNaming = mutation == .mergeRemovesFirst
        return process
    }

    private func planDeaths() {
        if let daemon { planDeath(of: daemon.process) }
        if let exporter { planDeath(of: exporter.process) }
    }

    private func planDeath(of process: SimulatedProcess) {
        guard !isCalm else { return }
        let calls = Int.random(in: 0...Self.callsBeforeDeath, using: &random)
        if chance(plan.crashes) {
            process.die(.crash, after: calls)
        } else if chance(plan.kills) {
            process.die(.kill, after: calls)
        }
    }

    /// Runs code of a process on its file system. What it throws is for its next try, or its next start.
    private func perform(
        _ process: SimulatedProcess, _ activity: StoreHistory.Activity, _ body: () throws -> Void
    ) {
        HeldFolder.$defaultFileSystem.withValue(process) {
            do { try body() } catch { trace("throws: \(error)") }
        }
        observe(after: activity)
    }

    private func workDaemon() {
        guard let daemon else { return }
        var isOver = false
        perform(daemon.process, .storing) {
            do { try daemon.daemon.measure() } catch {
                isOver = true
                throw error
            }
        }
        if chance(plan.merges) { merge(daemon.process, daemon.daemon) }
        deliver(daemon.process, daemon.daemon)
        // A meter that threw is not used any further: the process ends.
        if isOver { daemon.process.kill() }
    }

    /// Apart, so that each window is seen before it goes.
    private func deliver(_ process: SimulatedProcess, _ daemon: SimulatedDaemon) {
        perform(process, .storing) { daemon.deliver() }
        perform(process, .expiring) { daemon.tend() }
    }

    /// In the middle of it, the daemon's other thread may do its work, or the daemon may be asked for its end.
    private func merge(_ process: SimulatedProcess, _ daemon: SimulatedDaemon) {
        perform(process, .merging) {
            try daemon.merge {
                if chance(0.3) { deliver(process, daemon) }
                return chance(0.1)
            }
        }
    }

    private func workExporter() {
        guard let exporter else { return }
        if chance(0.7) { exporter.exporter.storeHasChanged() }
        for sink in 0..<exporter.exporter.count {
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                perform(exporter.process, .exporting) { exporter.exporter.step(sink) }
            }
        }
        if chance(0.7), !exporter.process.isDead { delivered.note(exporter.exporter.delivered) }
    }

    private func buryTheDead() {
        if daemon?.process.isDead == true {
            daemon = nil
            trace("daemon died")
            deaths += 1
        }
        if exporter?.process.isDead == true {
            exporter = nil
            trace("exporter died")
            deaths += 1
        }
        if disk.crashes >= kernels.count {
            trace("host crashed")
            boot()
            settle()
        }
    }
}

// MARK: The store

extension SimulatedHost {
    /// Takes note of what is in the store now, or was when the host crashed.
    private func observe(after activity: StoreHistory.Activity) {
        guard disk.changes != observed else { return }
        observed = disk.changes
        let files = disk.crashes < kernels.count ? disk.files(below: "store") : disk.filesAtCrash(below: "store")
        if let change = history.observe(Self.segments(in: files), after: activity) { trace(change) }
    }

    /// Without what grows and is no segment yet.
    private static func segments(in files: [String: [UInt8]]) -> [String: [UInt8]] {
        files.filter { $0.key.hasSuffix(".parquet") && !$0.key.hasPrefix("/store/growing/") }
    }

    /// Takes note of what the disk kept.
    private func settle() {
        let journal = disk.files(below: "state").keys.filter { $0.hasSuffix(".window") }
        history.settle(
            Self.segments(in: disk.files(below: "store")), journaled: Set(journal.compactMap { FilePath($0).stem }))
    }
}

// MARK: The end

extension SimulatedHost {
    /// Lets everything work, without any fault, until all that was counted has arrived. Returns false where it does not.
    func calmDown() -> Bool {
        isCalm = true
        disk.faults = .none
        for collector in collectors { collector.failures = 0 }
        daemon?.process.spare()
        exporter?.process.spare()
        for _ in 0..<Self.mostCalmTurns {
            clock.advance(by: .seconds(70))
            if daemon == nil { startDaemon() }
            if exporter == nil { startExporter() }
            workDaemon()
            deliverCalmly()
            buryTheDead()
            if daemon?.daemon.windowsWaiting == 0, exporter?.exporter.windowsBehind == 0 { break }
        }
        return finishDaemon() && finishExporter()
    }

    private static let mostCalmTurns = 30

    private func deliverCalmly() {
        guard let exporter else { return }
        exporter.exporter.storeHasChanged()
        for sink in 0..<exporter.exporter.count {
            for _ in 0..<4 { perform(exporter.process, .exporting) { exporter.exporter.step(sink) } }
        }
        if !exporter.process.isDead { delivered.note(exporter.exporter.delivered) }
    }

    private func finishDaemon() -> Bool {
        guard let daemon else { return false }
        var isDone = false
        perform(daemon.process, .storing) { isDone = try daemon.daemon.finish() && daemon.daemon.windowsWaiting == 0 }
        return isDone
    }

    private func finishExporter() -> Bool {
        guard let exporter else { return false }
        var isDone = false
        exporter.exporter.storeHasChanged()
        perform(exporter.process, .exporting) { isDone = exporter.exporter.finish() }
        isDone = isDone && exporter.exporter.windowsBehind == 0 && exporter.exporter.windowsHeld == 0
        return isDone
    }
}
