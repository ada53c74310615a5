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
    private let publisher: Publisher

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
        self.publisher = publisher
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
        do {
            try publishLeftover()
            while !stop.isRequested, publisher.hasReaders {
                stop.wait(atMost: pause())
                if !stop.isRequested { try turn() }
            }
        } catch {
            // The programs go on counting; what was written so far must not stay under temporary names.
            onStopping()
            publisher.close()
            throw error
        }
        onStopping()
        try finish()
    }

    /// Until the window's edge, or the next look at the ports.
    private func pause() -> Duration {
        min(Self.reviewPeriod, max(.zero, ClockAnchor.now.monotonic.duration(to: meter.openWindow.due)))
    }

    private mutating func turn() throws {
        log(try keeper.review())
        let closing = try keeper.closingPorts()
        if let closed = try meter.advance(to: .now) { try publish(closed, forgetting: closing) }
        publisher.publishDue(now: ClockAnchor.now.realtime)
        report()
    }

    private mutating func finish() throws {
        let closing = try keeper.closingPorts()
        if let closed = try meter.cutShort(at: .now) { try publish(closed, forgetting: closing) }
        publisher.close()
        report()
        if configuration.detachesOnExit { try keeper.detachAll() }
        meter.source.tables.setMeter(pid: nil, interval: nil)
        try keeper.removeIfUnused()
    }
}

extension Daemon {
    private mutating func publishLeftover() throws {
        guard let closed = try meter.leftover() else { return }
        logger.notice("publishing a window that an earlier daemon closed and did not release")
        try publish(closed, forgetting: [])
    }

    private mutating func publish(_ closed: consuming ClosedWindow, forgetting ports: [PortNumber]) throws {
        let records = publisher.publish(closed, ports: try keeper.ports())
        let violations = closed.violations
        for violation in violations { logger.critical("frames are not all accounted for: \(violation)") }
        let summary = WindowSummary(closed)
        try meter.release(closed)
        try meter.source.forget(ports)
        board.update { report in
            report.windows += 1
            report.records += UInt64(records)
            report.conservationViolations += UInt64(violations.count)
        }
        onWindow(summary)
    }

    private func report() {
        let counts = publisher.counts
        let failure = publisher.failure
        board.update { report in
            report.filesPublished = counts.filesPublished
            report.recordsGivenUp = counts.recordsGivenUp
            report.packetsGivenUp = counts.givenUp.packets
            report.failure = failure
            report.residentBytes = ProcFile.residentBytes
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
