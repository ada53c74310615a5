// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import Dispatch
import FlowKernel
import FlowModel
import Foundation
import Host
import Logging
import OpenVSwitch
import Synchronization
import WeirConfiguration
import WeirDaemon

/// A daemon's life in this process: measures until a signal, answers on the control socket, and notifies the service manager.
///
/// The meter's thread and that of the ports alone keep capabilities. They hand nothing to Dispatch or to tasks, which could
/// make threads that keep them too; what others are to know they find on the board.
struct RunSession: Sendable {
    let configuration: Configuration
    /// Reads the configuration again.
    private let load: @Sendable () throws -> Configuration
    private let screen = WindowScreen()
    private let manager: ServiceManager?
    private let logger: Logger

    init(configuration: Configuration, load: @escaping @Sendable () throws -> Configuration) {
        self.configuration = configuration
        self.load = load
        logger = Logger(label: "weir") { _ in LogWriter() }
        manager = ServiceManager(environment: ProcessInfo.processInfo.environment, logger: logger)
    }

    /// Returns when the end was asked for by a signal, and all that was measured is written.
    func run() throws {
        // A reader of standard output that goes away must not take the daemon with it; nor a file that may not grow.
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        do { try DescriptorLimit.raise() } catch { logger.warning("\(error); some ports may find none") }
        let signals = AwaitedSignals(blocking: AwaitedSignals.fatal)
        let stop = try StopSignal()
        try giveUpPrivileges()
        let start = Beginning()
        let meter = HostThread(named: "weir-meter") {
            defer { start.end() }
            try measure(until: stop) { start.begin($0) }
        }
        try ThreadPrivileges.shed()
        let answers = SignalAnswers(stop: stop, start: start, manager: manager, logger: logger, load: load)
        _ = HostThread(named: "weir-signals") { answers.follow(signals) }
        let server = try start.board().map(serve)
        let result = Result { try wait(for: meter, start.board()) }
        try server?.end()
        try result.get()
    }

    /// What takes more than measuring does comes first: mounting bpffs. Nothing is left behind where this throws.
    private func giveUpPrivileges() throws {
        try Capability.require(for: "measure ports")
        let directory = PinDirectory(base: configuration.bpffs)
        try directory.prepare()
        do { try keepPrivileges() } catch {
            directory.removeBaseIfEmpty()
            throw error
        }
    }

    private func keepPrivileges() throws {
        // What the switches use can be seen only now; to take over what one has open is to look at its program and map.
        if hasXSK { try LibxdpUser.refuseTooOld("cannot measure ports of hook xsk") }
        // So it is to change a dispatcher of libxdp's, which is done also to take over, or to mend, an entry that is there.
        let joins =
            configuration.ports.contains { $0.hook == .xdp }
            || PinDirectory(base: configuration.bpffs).hasDispatchedPorts
        let takesOver = hasXSK || joins || configuration.ovs != nil
        try ThreadPrivileges.keepOnlyRequired(besides: takesOver ? [.sysAdmin] : [])
    }

    /// Whether there are ports of AF_XDP to be measured, as far as that is known before Open vSwitch is followed.
    private var hasXSK: Bool {
        configuration.ports.contains { $0.hook == .xsk }
            || configuration.ovs.map { SwitchClient.hasGuestsByAFXDP($0) } ?? false
    }

    private func serve(_ board: DaemonBoard) throws -> Serving {
        let server = try ControlServer(
            board: board, socket: configuration.socket, metrics: configuration.metrics, logger: logger)
        return Serving(server: server, thread: HostThread(named: "weir-control") { server.run() })
    }

    /// Blocks until the meter's thread ends. Meanwhile the manager's patience is extended while the start makes progress.
    private func wait(for meter: HostThread<Void>, _ board: DaemonBoard?) throws {
        var seen: StartProgress?
        var stalled: [String] = []
        while !meter.hasEnded(within: .seconds(1)) {
            if let report = board?.current { say(report.stalls, &stalled) }
            guard let manager, let report = board?.current, report.life.state == .starting,
                let progress = report.life.progress,
                progress != seen
            else { continue }
            manager.tell(.startsWithin(.seconds(60)), .status("starting: \(progress.text)"))
            seen = progress
        }
        try meter.wait()
    }

    /// Says of a disk that hangs, which keeps the threads that wait for it from saying so, and of its answering again.
    private func say(_ stalls: [String], _ known: inout [String]) {
        for who in stalls where !known.contains(who) { logger.error("\(who) does not answer; windows wait") }
        for who in known where !stalls.contains(who) { logger.notice("\(who) answers again") }
        known = stalls
    }

    /// Blocks its thread until the end is asked for.
    private func measure(until stop: StopSignal, onBoard: @escaping (DaemonBoard) -> Void) throws {
        var daemon = try Daemon(
            configuration: configuration, logger: logger, pid: ProcessInfo.processInfo.processIdentifier,
            onBoard: onBoard)
        // Windows close while ports are still being attached. The screen shows them after the line that says what is measured.
        var hasStarted = false
        daemon.onStart = { ports, awaited in
            hasStarted = true
            screen.start()
            logger.notice("\(StartSummary(ports, configuration, now: ClockAnchor.now.realtime).text)")
            if let notice = configuration.publishPeriodNotice { logger.warning("\(notice)") }
            if !awaited.isEmpty { logger.warning("\(StartSummary.text(awaiting: awaited))") }
            manager?.tell(.ready, .status(StartSummary.subject(ports, configuration)))
        }
        daemon.onWindow = { summary in
            if hasStarted { screen.show(summary) }
            manager?.tell(.status(summary.text))
        }
        daemon.onReload = { manager?.tell(.ready) }
        if manager?.isWatched == true { daemon.onReview = { manager?.tell(.alive) } }
        daemon.onStopping = { manager?.tell(.stopping, .status("writing the window so far")) }
        let result = Result { try daemon.run(until: stop) }
        let ports = (try? daemon.ports()) ?? []
        if daemon.hasBegun || (try? result.get()) != nil {
            logger.notice("\(EndSummary(stop.requestReason, daemon.board.current, ports, result).text)")
        }
        try result.get()
    }
}

/// The control server and its thread.
private struct Serving {
    let server: ControlServer
    let thread: HostThread<Void>

    func end() throws {
        server.stop()
        try thread.wait()
    }
}

/// Whether the daemon has a board yet, for other threads to wait for.
final class Beginning: Sendable {
    private let begun = Mutex<DaemonBoard?>(nil)
    private let known = DispatchSemaphore(value: 0)

    func begin(_ board: DaemonBoard) {
        begun.withLock { $0 = board }
        known.signal()
    }

    /// Says that it is over, or never began.
    func end() { known.signal() }

    /// The board, where there is one already.
    var current: DaemonBoard? { begun.withLock(\.self) }

    /// Blocks until there is a board or cannot be one any more; nil then.
    func board() -> DaemonBoard? {
        known.wait()
        // For the next request.
        known.signal()
        return current
    }
}
