// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Host

/// A Redis server of a test's own, in a folder of its own, on a socket and on a port of 127.0.0.1.
package final class RedisProcess {
    package let folder: String
    package let port: UInt16
    private let options: [String]
    private let namespace: NetworkNamespace?
    private var process: ChildProcess?

    /// Starts Debian's server.
    ///
    /// - Parameter namespace: where its port is; nil: where the test runs.
    package init(_ options: [String] = [], in namespace: NetworkNamespace? = nil) throws {
        // A path of a socket has at most 107 bytes.
        folder = "/tmp/weir-t-redis-\(UInt32.random(in: 0...(.max)))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = try Listener.onTCP("127.0.0.1", port: 0).port
        self.options = options
        self.namespace = namespace
        if let namespace { try namespace.run(["ip", "link", "set", "lo", "up"]) }
        try start()
    }

    deinit {
        process?.stop(SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    package var socket: String { folder + "/s" }

    package func start() throws {
        let command =
            ["redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socket]
            + ["--dir", folder, "--save", "", "--appendfsync", "always"] + options
        let process = try ChildProcess((namespace.map { ["nsenter", "--net=\($0.path)"] } ?? []) + command)
        self.process = process
        try waitUntil("the server answers: \(process.output)", within: .seconds(20)) {
            let answer = try ChildProcess.outcome(of: ["redis-cli", "-s", socket, "ping"]).output
            return answer.hasPrefix("PONG") || answer.hasPrefix("NOAUTH")
        }
    }

    package func kill() { process?.stop(SIGKILL) }

    /// The user `weir` with the rights that docs/redis.md asks for.
    package static func user(_ prefix: String, _ password: String) -> [String] {
        let commands = [
            "ping", "select", "set", "get", "del", "zadd", "zrem", "zremrangebyscore", "zrange", "pexpire", "xadd",
            "xrevrange", "rename", "publish",
        ]
        let scope = ["resetkeys", "~\(prefix):*", "resetchannels", "&\(prefix):*", "-@all"]
        return ["--user", "weir", "on", ">\(password)"] + scope + commands.map { "+\($0)" }
    }

    /// Has it accept connections and say nothing.
    package func freeze() { process?.signal(SIGSTOP) }
    package func thaw() { process?.signal(SIGCONT) }

    @discardableResult
    package func ask(_ words: String...) throws -> String {
        try ChildProcess.run(["redis-cli", "-s", socket] + words)
    }

    /// Runs a program in Python, which has `ask(b"WORD", …)`, with the arguments after it. It knows nothing of Weir's but the schema.
    package func python(_ program: String, _ arguments: String..., within limit: Duration = .seconds(60)) throws
        -> String
    {
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
