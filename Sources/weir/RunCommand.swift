// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFormats
import FlowKernel
import FlowModel
import Foundation
import Logging
import WeirDaemon

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure ports and write their flow logs: the daemon, in the foreground.",
        discussion: """
            Without --port and without ports in the configuration, the interfaces of virtual machines are measured: \
            \(Configuration.usualGuestPorts.joined(separator: ", ")). Interfaces that match later are attached when \
            they come.
            """)

    @Option(help: "Configuration file (WEIR_CONFIG, /etc/weir/weir.yaml).", completion: .file(extensions: ["yaml"]))
    var config: String?

    @Option(
        name: .customLong("port"), help: "Pattern of interfaces to measure; may be given again.", completion: .interface
    )
    var ports: [String] = []

    @Option(help: "Length of a window: seconds, or 30s, 5m, 1h.")
    var interval: String?

    @Option(help: "Directory for log files; without it lines go to standard output.", completion: .directory)
    var logDir: String?

    @Option(help: "aws or json.")
    var format: String?

    @Option(help: "Fields of AWS lines; AWS's default format without it.")
    var fields: String?

    @Option(help: "Flows that a window has room for, where the tables are made now.")
    var flows: String?

    @Option(help: "Directory for the daemon's state (WEIR_STATE_DIR).", completion: .directory)
    var stateDir: String?

    @Flag(help: "Print lines to standard output, too.")
    var stdout = false

    @Flag(help: "Detach the ports at the end; without it they go on counting.")
    var detachOnExit = false

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let configuration = try loadConfiguration()
        let screen = WindowScreen()
        let board = AsyncStream.makeStream(of: DaemonBoard.self)
        let serving = Task {
            for await board in board.stream {
                do {
                    try await ControlServer(board: board, path: configuration.socket).run()
                } catch is CancellationError {
                } catch {
                    Self.logger.warning("cannot answer on \(configuration.socket): \(error); measuring goes on")
                }
            }
        }
        defer { serving.cancel() }
        try await MeterThread.run {
            try Self.measure(configuration, screen) { board.continuation.yield($0) }
        }
        serving.cancel()
        await serving.value
    }

    private static let logger = Logger(label: "weir")

    /// Blocks its thread until a signal asks for the end.
    private static func measure(
        _ configuration: Configuration, _ screen: WindowScreen, onStart: (DaemonBoard) -> Void
    ) throws {
        let stop = StopSignal()
        let signals = stop.listen(to: [SIGINT, SIGTERM])
        defer { signals.forEach { $0.cancel() } }
        let manager = ServiceNotification(environment: ProcessInfo.processInfo.environment)
        var daemon = try Daemon(
            configuration: configuration, logger: logger, pid: ProcessInfo.processInfo.processIdentifier)
        let ports = try daemon.ports()
        onStart(daemon.board)
        screen.start(ports, configuration)
        tell(manager, .ready, .status("\(ports.count) ports"))
        daemon.onWindow = { summary in
            screen.show(summary)
            tell(manager, .status(summary.text))
        }
        try daemon.run(until: stop)
        tell(manager, .stopping)
    }

    private static func tell(_ manager: ServiceNotification?, _ states: ServiceNotification.State...) {
        do {
            for state in states { try manager?.send(state) }
        } catch {
            logger.warning("\(error); measuring goes on")
        }
    }

    private func loadConfiguration() throws -> Configuration {
        do {
            var configuration = try Configuration.load(
                flags: try flags(), configFile: config, environment: ProcessInfo.processInfo.environment)
            configuration.usePortsOfGuestsIfNone()
            return configuration
        } catch {
            throw UsageError(description: "\(error)")
        }
    }

    private func flags() throws -> ConfigurationLayer {
        var flags = ConfigurationLayer()
        try flags.setPorts(ports)
        let texts: [(ConfigurationKey, String?)] = [
            (.interval, interval), (.logDirectory, logDir), (.format, format), (.fields, fields), (.flows, flows),
            (.stateDirectory, stateDir), (.bpffs, place.bpffs), (.socket, place.socket),
        ]
        for (key, text) in texts { if let text { try flags.set(key, flag: text) } }
        if stdout { flags.stdout = true }
        if detachOnExit { flags.detachOnExit = true }
        return flags
    }
}
