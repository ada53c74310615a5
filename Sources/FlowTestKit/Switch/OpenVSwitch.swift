// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// An Open vSwitch of a test's own: `ovsdb-server` and `ovs-vswitchd` in the network namespace
/// of the test in which the switch's ends of the wires lie.
///
/// Database, sockets, pid files and logs are in a folder of its own, named and placed as Open vSwitch does in
/// `/var/run/openvswitch`. Both programs and the folder go when its owner lets go of it; bridges are taps that outlive the
/// switch, and go with the namespace.
package final class OpenVSwitch: Sendable {
    /// What Open vSwitch calls its run directory (`OVS_RUNDIR`).
    package let runDirectory: String
    package let namespace: NetworkNamespace
    /// The program of the switch itself.
    private let daemonProgram: String
    private let programs = Mutex(Programs())
    private let libxdpFolder = LibxdpFolder()

    private struct Programs {
        var database: ChildProcess?
        var daemon: ChildProcess?
    }

    private static let numbers = Atomic<Int>(0)

    /// Makes an empty database and starts both programs.
    ///
    /// - Parameter daemon: `ovs-vswitchd`, or the path of another build of that name.
    /// - Parameter settings: for `other_config`, what the switch reads when it starts.
    package init(
        in namespace: NetworkNamespace, daemon: String = "ovs-vswitchd", settings: [String: String] = [:]
    ) throws {
        let number = Self.numbers.wrappingAdd(1, ordering: .relaxed).newValue
        self.namespace = namespace
        daemonProgram = daemon
        // Short: the path of a socket has 107 bytes.
        runDirectory = "/tmp/weir-t\(ProcessInfo.processInfo.processIdentifier)-ovs\(number)"
        do {
            try FileManager.default.createDirectory(atPath: runDirectory, withIntermediateDirectories: true)
            try start(settings)
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// Ends both programs and removes the folder; once is enough.
    package func close() {
        programs.withLock { programs in
            programs.daemon?.stop()
            programs.database?.stop()
            programs = Programs()
        }
        libxdpFolder.remove()
        try? FileManager.default.removeItem(atPath: runDirectory)
    }

    private func start(_ settings: [String: String]) throws {
        try makeDatabase()
        try startDatabase()
        for (name, value) in settings {
            try vsctl(["--no-wait", "set", "open_vswitch", ".", "other_config:\(name)=\"\(value)\""])
        }
        try startDaemon()
    }

    package func path(_ name: String) -> String { "\(runDirectory)/\(name)" }

    /// The socket of the database, of which `weir run --ovs` is told the folder.
    package var databaseSocket: String { path("db.sock") }

    /// What the switch has to say, for the message of a test that fails.
    package var log: String { (try? String(contentsOfFile: path("ovs-vswitchd.log"), encoding: .utf8)) ?? "" }

    /// For programs of Open vSwitch: where it has its files.
    private var environment: [String: String] {
        [
            "OVS_RUNDIR": runDirectory, "OVS_LOGDIR": runDirectory, "OVS_DBDIR": runDirectory,
            // Where DPDK has its own, in a switch that is built with it.
            "RUNTIME_DIRECTORY": runDirectory,
        ]
    }
}

// MARK: The programs

extension OpenVSwitch {
    /// The process id of `ovs-vswitchd`; nil where it does not run.
    package var daemonPID: Int32? { programs.withLock { $0.daemon?.pid } }
    package var databasePID: Int32? { programs.withLock { $0.database?.pid } }

    /// Removes the database, where there is one, and makes an empty one. For a database that does not run.
    package func makeDatabase() throws {
        for name in ["conf.db", ".conf.db.~lock~"] { try? FileManager.default.removeItem(atPath: path(name)) }
        try ChildProcess.run(["ovsdb-tool", "create", path("conf.db"), Self.schema])
    }

    private static let schema = "/usr/share/openvswitch/vswitch.ovsschema"

    package func startDatabase() throws {
        let program = try launch("ovsdb-server", "ovsdb-server", [path("conf.db"), "--remote=punix:\(databaseSocket)"])
        programs.withLock { $0.database = program }
        try answers(program, "ovsdb-server")
        try vsctl(["--no-wait", "init"])
    }

    /// Starts `ovs-vswitchd`, and waits until it has configured what the database holds.
    package func startDaemon() throws {
        let program = try launch("ovs-vswitchd", daemonProgram, ["unix:\(databaseSocket)"])
        programs.withLock { $0.daemon = program }
        try answers(program, "ovs-vswitchd")
        // Any change: ovs-vsctl waits until the switch has seen all up to it. What the database says of ports is of before.
        try vsctl("set open_vswitch . external_ids:daemon=\(program.pid)")
    }

    private func launch(_ name: String, _ program: String, _ arguments: [String]) throws -> ChildProcess {
        let own = ["--pidfile=\(path(name + ".pid"))", "--log-file=\(path(name + ".log"))", "-vconsole:off"]
        return try namespace.start([program] + arguments + own, environment: environment)
    }

    private func answers(_ program: ChildProcess, _ name: String) throws {
        try waitUntil("\(name) answers: \(program.errors)", within: .seconds(20)) {
            guard program.isRunning else { throw Ended(name: name, errors: program.errors) }
            return try ask(program, name, ["version"], within: .seconds(20)).succeeded
        }
    }

    private func ask(
        _ program: ChildProcess, _ name: String, _ command: [String], within limit: Duration
    ) throws -> ChildProcess.Result {
        try ChildProcess.outcome(
            of: ["ovs-appctl", "--target=\(path("\(name).\(program.pid).ctl"))"] + command, within: limit)
    }

    /// Ends `ovs-vswitchd` as an administrator does (`ovs-appctl exit`), and waits for its end.
    package func exitDaemon() throws { try end("ovs-vswitchd", takeDaemon()) }

    /// Ends `ovs-vswitchd` as a crash does.
    package func killDaemon() throws { takeDaemon()?.stop(SIGKILL) }

    package func exitDatabase() throws { try end("ovsdb-server", takeDatabase()) }

    package func killDatabase() throws { takeDatabase()?.stop(SIGKILL) }

    private func takeDaemon() -> ChildProcess? { programs.withLock { $0.daemon.take() } }

    private func takeDatabase() -> ChildProcess? { programs.withLock { $0.database.take() } }

    private func end(_ name: String, _ program: ChildProcess?) throws {
        guard let program else { return }
        _ = try ask(program, name, ["exit"], within: .seconds(20))
        try program.wait(within: .seconds(20))
    }

    /// A program of Open vSwitch that ended by itself.
    package struct Ended: Error {
        package let name: String
        package let errors: String
    }
}

// MARK: What administrators run

extension OpenVSwitch {
    /// Runs `ovs-vsctl`, which waits until the switch has done what it says where it runs; throws where the switch cannot.
    @discardableResult
    package func vsctl(_ arguments: [String]) throws -> String {
        let command = ["ovs-vsctl", "--db=unix:\(databaseSocket)", "--timeout=30"] + arguments
        let result = try ChildProcess.outcome(of: command, environment: environment, within: .seconds(40))
        // What the switch cannot do is said, and no failure of the program.
        guard result.succeeded, !result.errors.contains("Error detected") else {
            throw ChildProcess.Failure(command: command, result: result)
        }
        return result.output
    }

    /// Runs `ovs-vsctl` with arguments that are separated by single spaces.
    @discardableResult
    package func vsctl(_ arguments: String) throws -> String {
        try vsctl(arguments.split(separator: " ").map(String.init))
    }

    /// Runs a command of `ovs-vswitchd`, such as `dpctl/dump-flows`.
    @discardableResult
    package func appctl(_ command: String...) throws -> String {
        guard let program = programs.withLock({ $0.daemon }) else { throw Ended(name: "ovs-vswitchd", errors: "") }
        let result = try ask(program, "ovs-vswitchd", command, within: .seconds(20))
        guard result.succeeded else { throw ChildProcess.Failure(command: command, result: result) }
        return result.output
    }
}
