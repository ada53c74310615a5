// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowKernel
import Foundation
import Logging
import Synchronization
import WeirDaemon

/// A daemon's life in this process: measures until a signal, answers on the control socket, and tells whoever watches.
///
/// The meter's thread alone keeps capabilities. It hands nothing to Dispatch or to tasks, which could make threads that
/// keep them too; what others are to know they find on the board.
struct RunSession: Sendable {
    let configuration: Configuration
    private let screen = WindowScreen()
    private let manager = ServiceNotification(environment: ProcessInfo.processInfo.environment)
    private let logger = Logger(label: "weir")

    init(configuration: Configuration) { self.configuration = configuration }

    /// Returns at SIGINT or SIGTERM, when all that was measured is written.
    func run() throws {
        // A reader of standard output that goes away must not take the daemon with it.
        signal(SIGPIPE, SIG_IGN)
        let stop = try StopSignal()
        try giveUpPrivileges()
        let started = Beginning()
        let meter = BlockingThread(named: "weir-meter") {
            defer { started.end() }
            try measure(until: stop) { started.begin($0) }
        }
        try ThreadPrivileges.shed()
        let signals = stop.listen(to: [SIGINT, SIGTERM])
        defer { for signal in signals { signal.cancel() } }
        let server = try started.board().map(serve)
        let result = Result { try meter.wait() }
        try server?.end()
        try result.get()
    }

    /// What takes more than measuring does comes first: mounting bpffs. Nothing is left behind where this throws.
    private func giveUpPrivileges() throws {
        try Capability.require(for: "measure ports")
        try configuration.refuseMissingPorts()
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
        // So it is to add to a dispatcher of libxdp's, and to take away.
        let joins = configuration.ports.contains { $0.attach.hook == .xdp }
        let takesOver = hasXSK || joins || configuration.ovs != nil
        try ThreadPrivileges.keepOnlyRequired(besides: takesOver ? [.sysAdmin] : [])
    }

    /// Whether there are ports of AF_XDP to be measured, as far as that is known before Open vSwitch is followed.
    private var hasXSK: Bool {
        configuration.ports.contains { $0.attach.hook == .xsk }
            || configuration.ovs.map { SwitchClient.hasGuestsByAFXDP($0) } ?? false
    }

    private func serve(_ board: DaemonBoard) throws -> Serving {
        let server = try ControlServer(
            board: board, socket: configuration.socket, metrics: configuration.metrics, logger: logger)
        return Serving(server: server, thread: BlockingThread(named: "weir-control") { server.run() })
    }

    /// Blocks its thread until the end is asked for.
    private func measure(until stop: StopSignal, onStart: (DaemonBoard) -> Void) throws {
        var daemon = try Daemon(
            configuration: configuration, logger: logger, pid: ProcessInfo.processInfo.processIdentifier)
        let ports = try daemon.ports()
        onStart(daemon.board)
        screen.start(ports, configuration)
        tell(.ready, .status(WindowScreen.subject(ports, configuration)))
        daemon.onWindow = { summary in
            screen.show(summary)
            tell(.status(summary.text))
        }
        if manager?.isWatched == true { daemon.onReview = { tell(.alive) } }
        daemon.onStopping = { tell(.stopping, .status("writing the window so far")) }
        try daemon.run(until: stop)
        screen.end(try daemon.ports())
    }

    private func tell(_ states: ServiceNotification.State...) {
        do {
            for state in states { try manager?.send(state) }
        } catch {
            logger.warning("\(error); measuring goes on")
        }
    }
}

/// The control server and its thread.
private struct Serving {
    let server: ControlServer
    let thread: BlockingThread<Void>

    func end() throws {
        server.stop()
        try thread.wait()
    }
}

/// Whether the daemon has begun to measure, for another thread to wait for.
private final class Beginning: Sendable {
    private let begun = Mutex<DaemonBoard?>(nil)
    private let known = DispatchSemaphore(value: 0)

    func begin(_ board: DaemonBoard) {
        begun.withLock { $0 = board }
        known.signal()
    }

    /// Says that it is over, or never began.
    func end() { known.signal() }

    /// Blocks until it has begun or cannot any more; nil then.
    func board() -> DaemonBoard? {
        known.wait()
        return begun.withLock(\.self)
    }
}
