// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
import FlowTestKit
import SystemPackage

/// A host with its disk, its kernel, and the processes of Weir, on one thread: who does what next is up to the seed.
final class SimulatedHost {
    let seed: UInt64
    let plan: SimulationPlan
    let mutation: Mutation?
    let disk: SimulatedDisk
    let clock = SimulatedClock(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), realtime: UnixTime(seconds: 1_800_000_000))
    let judge = SimulatedJudge()
    let ports: [PortNumber: Port]
    let collectors: [Collector]
    private var random: SplitMix64

    private var daemon: (process: SimulatedProcess, daemon: SimulatedDaemon)?
    private var exporter: (process: SimulatedProcess, exporter: SimulatedExporter)?
    /// Since each start of the host.
    private(set) var kernels: [SimulatedKernel]
    /// Segments of the store that were ever seen, by their paths.
    private(set) var segments: [String: [UInt8]] = [:]
    /// Those that the daemon deleted for their age, or for the store's size.
    private(set) var expired: Set<String> = []
    private var observed = 0
    /// All files at the end.
    private(set) lazy var files = disk.files
    /// Whether nothing fails any more.
    private var isCalm = false
    private(set) var deaths = 0
    /// What was found to be wrong while it ran.
    private(set) var violations: [String] = []

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
        disk = SimulatedDisk(seed: random.next())
        ports = Dictionary(
            uniqueKeysWithValues: Self.ports.map { ($0, Port(number: $0, name: "tap\($0.rawValue)", role: .guest)) })
        let refused: UInt64? = Bool.random(using: &random) ? 5 : nil
        let seeds = (random.next(), random.next())
        collectors = plan.sinks.compactMap { sink in
            switch sink {
            case .atLeastOnce: Collector("often", .atLeastOnce, refused: refused, seed: seeds.0)
            case .atMostOnce: Collector("once", .atMostOnce, refused: nil, seed: seeds.1)
            case .files: nil
            }
        }
        kernels = []
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
        perform(process) { daemon = (process, try SimulatedDaemon(self, kernel, process)) }
        trace("daemon started: \(daemon != nil)")
        if daemon == nil { process.kill() }
    }

    private func startExporter() {
        let process = start()
        planDeath(of: process)
        perform(process) { exporter = (process, try SimulatedExporter(self, process)) }
        trace("exporter started: \(exporter != nil)")
        if exporter == nil { process.kill() }
    }

    private func start() -> SimulatedProcess {
        var process = disk.start()
        process.ignoresSync = mutation == .noSync
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
    private func perform(_ process: SimulatedProcess, _ body: () throws -> Void) {
        HeldFolder.$defaultFileSystem.withValue(process) {
            do { try body() } catch { trace("throws: \(error)") }
        }
        observe()
    }

    private func workDaemon() {
        guard let daemon else { return }
        var isOver = false
        perform(daemon.process) {
            do { try daemon.daemon.work() } catch {
                isOver = true
                throw error
            }
        }
        // Apart, so that each window is seen before it goes.
        perform(daemon.process) { daemon.daemon.tend() }
        // A meter that threw is not used any further: the process ends.
        if isOver { daemon.process.kill() }
    }

    private func workExporter() {
        guard let exporter else { return }
        if chance(0.7) { exporter.exporter.storeHasChanged() }
        for sink in 0..<exporter.exporter.count {
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                perform(exporter.process) { exporter.exporter.step(sink) }
            }
        }
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
            forgetLostSegments()
        }
    }
}

// MARK: The store

extension SimulatedHost {
    /// Notes the segments that are in the store now. What is there must never change.
    private func observe() {
        guard disk.changes != observed, disk.crashes < kernels.count else { return }
        observed = disk.changes
        let here = disk.files(below: "store", ending: ".parquet")
        for (path, bytes) in here {
            if let known = segments[path], known != bytes { violations.append("\(path) was changed") }
            if segments[path] == nil { trace("stored: \(path)") }
            segments[path] = bytes
        }
        if here.count < segments.count {
            trace("gone: \(segments.keys.filter { here[$0] == nil && !expired.contains($0) })")
            expired.formUnion(segments.keys.filter { here[$0] == nil })
        }
    }

    /// A segment whose name was not on the disk yet when the host crashed is written again from the journal.
    private func forgetLostSegments() {
        let here = disk.files(below: "store", ending: ".parquet")
        segments = segments.filter { here[$0.key] != nil || expired.contains($0.key) }
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
            for _ in 0..<4 { perform(exporter.process) { exporter.exporter.step(sink) } }
        }
    }

    private func finishDaemon() -> Bool {
        guard let daemon else { return false }
        var isDone = false
        perform(daemon.process) { isDone = try daemon.daemon.finish() && daemon.daemon.windowsWaiting == 0 }
        return isDone
    }

    private func finishExporter() -> Bool {
        guard let exporter else { return false }
        var isDone = false
        exporter.exporter.storeHasChanged()
        perform(exporter.process) { isDone = exporter.exporter.finish() }
        isDone = isDone && exporter.exporter.windowsBehind == 0 && exporter.exporter.windowsHeld == 0
        return isDone
    }
}
