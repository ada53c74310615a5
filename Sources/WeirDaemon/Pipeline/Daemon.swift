// SPDX-License-Identifier: Apache-2.0

import FlowExport
package import FlowKernel
import FlowMeter
package import FlowModel
package import Logging

/// The daemon: keeps ports attached, closes windows at their edges, publishes their records.
///
/// Owns everything it opens. Used from one thread, which it blocks.
package struct Daemon: ~Copyable {
    package let board: DaemonBoard
    private let configuration: Configuration
    private let logger: Logger
    private let lock: DaemonLock
    private var meter: FlowMeter<KernelFlowSource>
    private var keeper: PortKeeper
    private let publishing: PublishingQueue
    /// The window whose counters the kernel still holds: until it is published, or the room is needed.
    private var held: HeldWindow?
    /// Windows that are handed over and not published yet.
    private var unpublished = 0
    private var nextReview = MonotonicTime(nanoseconds: 0)

    /// Told of each window after it was published, for whoever watches.
    package var onWindow: (WindowSummary) -> Void = { _ in }
    /// Told when the end begins, whatever its reason, before the last window is closed.
    package var onStopping: () -> Void = {}

    /// How long a port may come or go unnoticed.
    private static let reviewPeriod = Duration.seconds(1)

    /// Takes over what is pinned, attaches what is configured. Where it throws, nothing is changed.
    package init(configuration: Configuration, logger: Logger, pid: Int32) throws {
        try Capability.require(for: "measure ports")
        try configuration.refuseMissingPorts()
        let directory = PinDirectory(base: configuration.bpffs)
        try directory.prepare()
        let lock = try DaemonLock.take(directory)
        let publisher = try Self.publisher(configuration, logger, directory)
        let installation = try Installation.openOrCreate(directory, configuration.tables)
        let tables = try FlowTables.open(in: directory, isWritable: true)
        let meter = FlowMeter(
            source: try KernelFlowSource(tables: tables), interval: configuration.interval,
            openWindow: installation.tables.control.window, opened: installation.tables.control.opened, now: .now)
        var keeper = PortKeeper(installation: installation, configuration: configuration)
        try Self.attachPorts(&keeper)

        self.configuration = configuration
        self.logger = logger
        publishing = PublishingQueue(publisher)
        self.lock = lock
        self.meter = meter
        self.keeper = keeper
        board = DaemonBoard(
            DaemonReport(
                pid: pid, intervalSeconds: configuration.interval / .seconds(1),
                logDirectory: configuration.logDirectory))
        self.meter.source.tables.setMeter(pid: pid, interval: configuration.interval)
    }

    private static func publisher(
        _ configuration: Configuration, _ logger: Logger, _ directory: PinDirectory
    ) throws -> Publisher {
        do {
            return try Publisher(configuration: configuration, logger: logger)
        } catch {
            directory.removeBaseIfEmpty()
            throw error
        }
    }

    private static func attachPorts(_ keeper: inout PortKeeper) throws {
        do {
            _ = try keeper.attachAll()
        } catch {
            try? keeper.removeIfUnused()
            throw error
        }
    }

    /// The ports that are measured now.
    package func ports() throws -> [RegisteredPort] { try keeper.installation.attachedPorts() }

    /// Measures until the stop is requested, or nobody is left to measure for, then publishes the window so far.
    package mutating func run(until stop: StopSignal) throws {
        publishing.ring(stop)
        do {
            try publishLeftover()
            while !stop.isRequested, publishing.status.hasReaders {
                stop.wait(atMost: pause(), orFor: meter.source.wakes)
                if !stop.isRequested { try turn() }
            }
        } catch {
            // The programs go on counting; what was written so far must not stay under temporary names.
            onStopping()
            publishing.close()
            throw error
        }
        onStopping()
        try finish()
    }

    /// Until the window's edge, or the next look at the ports.
    private func pause() -> Duration {
        let now = ClockAnchor.now.monotonic
        let due = unpublished < Self.mostUnpublished ? meter.openWindow.due : nextReview
        return max(.zero, min(now.duration(to: nextReview), now.duration(to: due)))
    }

    private mutating func turn() throws {
        try takePublished()
        if meter.source.tables.control.isFillingUp { try swapEarly() }
        if ClockAnchor.now.monotonic >= nextReview { try review() }
        guard unpublished < Self.mostUnpublished else { return }
        let now = ClockAnchor.now
        if meter.closes(at: now) { try letGo() }
        let closing = try keeper.closingPorts()
        if let closed = try meter.advance(to: now) { try publish(closed, forgetting: closing) }
    }

    private mutating func review() throws {
        log(try keeper.review())
        publishing.publishDue(now: ClockAnchor.now.realtime)
        report()
        nextReview = ClockAnchor.now.monotonic.advanced(by: Self.reviewPeriod)
    }

    private mutating func finish() throws {
        try letGo()
        let closing = try keeper.closingPorts()
        if let closed = try meter.cutShort(at: .now) { try publish(closed, forgetting: closing) }
        publishing.close()
        try takePublished()
        report()
        if configuration.detachesOnExit { try keeper.detachAll() }
        meter.source.tables.setMeter(pid: nil, interval: nil)
        try keeper.removeIfUnused()
    }
}

/// A window whose counters the kernel keeps until it is safe.
private struct HeldWindow {
    let number: UInt32
    /// Ports that were detached in it, and are forgotten with it.
    let ports: [PortNumber]
}

extension Daemon {
    /// Windows in memory before the meter waits for the sinks, and the kernel's tables take what comes.
    private static var mostUnpublished: Int { 4 }

    private mutating func publishLeftover() throws {
        guard let closed = try meter.leftover() else { return }
        logger.notice("publishing a window that an earlier daemon closed and did not release")
        try publish(closed, forgetting: [])
    }

    /// Empties the tables for the window that goes on.
    private mutating func swapEarly() throws {
        try letGo()
        try meter.swapEarly(at: .now)
    }

    private mutating func publish(_ closed: consuming ClosedWindow, forgetting ports: [PortNumber]) throws {
        held = HeldWindow(number: closed.window.number, ports: ports)
        unpublished += 1
        publishing.publish(closed, ports: try keeper.ports())
    }

    /// Lets the kernel forget the window before the open one, published or not: its generation is needed.
    ///
    /// Before it is asked which ports are closing: one that is forgotten here must not be forgotten once more with the
    /// next window, when its number may be another's.
    private mutating func letGo() throws {
        guard let held = held.take() else { return }
        try meter.source.release(held.number)
        try meter.source.forget(held.ports)
    }

    private mutating func takePublished() throws {
        for published in publishing.takePublished() {
            unpublished -= 1
            if held?.number == published.window.window.number { try letGo() }
            account(for: published)
            meter.recycle(published.window)
        }
    }

    private func account(for published: PublishingQueue.Published) {
        let violations = published.window.violations
        for violation in violations { logger.critical("frames are not all accounted for: \(violation)") }
        board.update { report in
            report.windows += 1
            report.records += UInt64(published.records)
            report.conservationViolations += UInt64(violations.count)
        }
        report()
        onWindow(WindowSummary(published.window))
    }

    private func report() {
        let status = publishing.status
        let timing = meter.timing
        let geometry = meter.source.tables.geometry
        board.update { report in
            report.filesPublished = status.counts.filesPublished
            report.recordsGivenUp = status.counts.recordsGivenUp
            report.packetsGivenUp = status.counts.givenUp.packets
            report.failure = status.failure
            report.residentBytes = ProcFile.residentBytes
            report.earlySwaps = timing.earlySwaps
            report.swapSeconds = timing.swap / .seconds(1)
            guard geometry.engine == .line else { return }
            let share = geometry.portShare * geometry.cpus
            let all = geometry.lines * geometry.cpus
            report.saturationPerPort = timing.saturation(room: share, flows: share)
            report.saturation = timing.saturation(room: all, flows: all)
        }
    }

    private func log(_ changes: PortKeeper.Changes) {
        for port in changes.attached { logger.notice("attached \(port.name) as port \(port.number.rawValue)") }
        for port in changes.gone {
            logger.notice("\(port.name) is gone; its last records come with this window (port \(port.number.rawValue))")
        }
        for error in changes.refused { logger.error("\(error)") }
    }
}

/// A published window in a line.
package struct WindowSummary: Equatable, Sendable {
    package let window: Window
    package let ports: Int
    package let flows: Int
    package let seen: PacketCount
    package let overflow: PacketCount

    init(_ closed: borrowing ClosedWindow) {
        window = closed.window
        ports = Set(closed.totals.keys.map(\.port)).count
        flows = closed.flows.count
        seen = closed.totals.values.reduce(.zero) { $0 + $1.seen }
        overflow = closed.totals.values.reduce(.zero) { $0 + $1.overflow }
    }
}
