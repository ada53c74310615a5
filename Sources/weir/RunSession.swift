// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Foundation
import Logging
import WeirDaemon

/// A daemon's life in this process: measures until a signal, answers on the control socket, and tells whoever watches.
struct RunSession: Sendable {
    let configuration: Configuration
    private let screen = WindowScreen()
    private let manager = ServiceNotification(environment: ProcessInfo.processInfo.environment)
    private let logger = Logger(label: "weir")

    init(configuration: Configuration) { self.configuration = configuration }

    /// Returns at SIGINT or SIGTERM, when all that was measured is written.
    func run() async throws {
        let (boards, board) = AsyncStream.makeStream(of: DaemonBoard.self)
        let serving = Task { for await board in boards { await serve(board) } }
        let result = await MeterThread.run { try measure { board.yield($0) } }
        serving.cancel()
        await serving.value
        try result.get()
    }

    private func serve(_ board: DaemonBoard) async {
        do {
            try await ControlServer(board: board, path: configuration.socket).run()
        } catch {
            logger.warning("\(error); measuring goes on")
        }
    }

    /// Blocks its thread until a signal asks for the end.
    private func measure(onStart: (DaemonBoard) -> Void) throws {
        // A reader of standard output that goes away must not take the daemon with it.
        signal(SIGPIPE, SIG_IGN)
        let stop = try StopSignal()
        let signals = stop.listen(to: [SIGINT, SIGTERM])
        defer { for signal in signals { signal.cancel() } }
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
