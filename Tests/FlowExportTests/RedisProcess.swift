// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowTestKit
import Foundation
import Host

/// A Redis server of a test's own, in a folder of its own, on a socket and on a port of 127.0.0.1.
final class RedisProcess {
    let folder: URL
    let port: UInt16
    private let options: [String]
    private var process: ChildProcess?

    /// Starts Debian's server.
    init(_ options: [String] = []) throws {
        // A path of a socket has at most 107 bytes.
        folder = URL(filePath: "/tmp/weir-t-redis-\(UInt32.random(in: 0...(.max)))", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try Listener.onTCP("127.0.0.1", port: 0).port
        self.options = options
        try start()
    }

    deinit {
        process?.stop(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    var socket: String { folder.appending(path: "s").path }

    func start() throws {
        let command =
            ["redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socket]
            + ["--dir", folder.path, "--save", "", "--appendfsync", "always"] + options
        let process = try ChildProcess(command)
        self.process = process
        try waitUntil("the server answers: \(process.output)", within: .seconds(20)) {
            let answer = try ChildProcess.outcome(of: ["redis-cli", "-s", socket, "ping"]).output
            return answer.hasPrefix("PONG") || answer.hasPrefix("NOAUTH")
        }
    }

    func kill() { process?.stop(SIGKILL) }

    /// The user `weir` with the rights that docs/redis.md asks for.
    static func user(_ prefix: String, _ password: String) -> [String] {
        let commands = [
            "ping", "select", "set", "get", "del", "zadd", "zrem", "zremrangebyscore", "zrange", "pexpire", "xadd",
            "xrevrange", "rename", "publish",
        ]
        let scope = ["resetkeys", "~\(prefix):*", "resetchannels", "&\(prefix):*", "-@all"]
        return ["--user", "weir", "on", ">\(password)"] + scope + commands.map { "+\($0)" }
    }

    /// Has it accept connections and say nothing.
    func freeze() { process?.signal(SIGSTOP) }
    func thaw() { process?.signal(SIGCONT) }

    @discardableResult
    func ask(_ words: String...) throws -> String {
        try ChildProcess.run(["redis-cli", "-s", socket] + words)
    }

    /// Runs a program in Python, which has `ask(b"WORD", …)`, with the arguments after it. It knows nothing of Weir's but the schema.
    func python(_ program: String, _ arguments: String..., within limit: Duration = .seconds(60)) throws -> String {
        try ChildProcess.run(["python3", "-c", Self.client + program, socket] + arguments, within: limit)
    }

    private static let client = """
        import json, socket, sys, time
        server = socket.socket(socket.AF_UNIX)
        server.connect(sys.argv[1])
        stream = server.makefile("rb")
        def reply():
            line = stream.readline()
            kind, rest = line[:1], line[1:-2]
            if kind == b"+": return rest
            if kind == b":": return int(rest)
            if kind == b"-": raise Exception(rest)
            if rest == b"-1": return None
            if kind == b"$": return stream.read(int(rest) + 2)[:-2]
            return [reply() for _ in range(int(rest))]
        def ask(*words):
            server.sendall(b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(w), w) for w in words))
            return reply()

        """
}

extension RedisProcess {
    /// The settings of a sink on the port.
    func settings(_ change: (inout RedisSettings) -> Void = { _ in }) -> RedisSettings {
        var settings = RedisSettings(RedisAddress(.tcp(host: "127.0.0.1", port: port)), host: "node1")
        change(&settings)
        return settings
    }
}

extension ExportPlan {
    /// A plan with one sink.
    init(_ directory: TemporaryDirectory, _ redis: RedisSettings) {
        var sink = SinkSettings(name: "r", kind: .redis)
        sink.redis = redis
        sink.format = .json
        self.init(
            store: directory.url.appending(path: "flows").path, folder: directory.state.path, stateID: "t",
            intervalSeconds: 60, sinks: [sink], monitor: MonitorFeed(socket: "/nowhere"))
    }
}
