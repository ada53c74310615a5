// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowTestKit
import Foundation
import Host
import HostMonitor
import Testing

@Suite(.enabled(if: KernelAccess.isExpected)) struct RedisStateTests {
    /// What a dashboard does: lists the hosts that live, their machines and ports, with their rates.
    private static let reader = """
        now = time.time() * 1000 if len(sys.argv) < 3 else float(sys.argv[2])
        for host in ask(b"ZRANGEBYSCORE", b"weir:hosts", b"%d" % now, b"+inf"):
            key = b"weir:{%s}:" % host
            busy = json.loads(ask(b"GET", key + b"host"))["cpu"]["busy_percent"]
            print(host.decode(), "busy", busy)
            for id in ask(b"ZRANGEBYSCORE", key + b"vms", b"%d" % now, b"+inf"):
                vm = json.loads(ask(b"GET", key + b"vm:" + id))
                print(id.decode()[:2], vm["instance_name"], vm["state"], vm["cpu_percent"])
            for name in ask(b"ZRANGEBYSCORE", key + b"ports", b"%d" % now, b"+inf"):
                print(name.decode(), json.loads(ask(b"GET", key + b"port:" + name))["egress"]["packets"])
        """
    private static let events = """
        for id, fields in ask(b"XRANGE", b"weir:events", b"-", b"+"):
            f = dict(zip(*[iter(w.decode() for w in fields)] * 2))
            print(f["event"], f["host"], f["vm"][:1], f["name"], f.get("before"), f.get("state"), f["time_ms"])
        """

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func runner(_ settings: RedisSettings) throws -> StateRunner {
        let plan = ExportPlan(directory, settings)
        return try #require(plan.stateRunner(of: plan.sinks[0]) { _, _ in })
    }

    @Test func `a reader rebuilds the machines with their rates, and learns what became of them`() throws {
        let redis = try RedisProcess()
        let listener = try ChildProcess(["redis-cli", "-s", redis.socket, "subscribe", "weir:update"])
        try waitUntil("somebody listens") { listener.output.contains("subscribe") }
        let first = try runner(redis.settings())
        var report = MonitorReport.example
        first.deliver(report)
        #expect(first.report.failure == nil && first.report.updates == 1)
        #expect(
            try redis.python(Self.reader, "\(report.timeMilliseconds)") == """
                node1 busy 12.5
                a0 web-a 1 37.5
                b0 web-b 5 37.5
                tap1 7

                """)
        let json = try redis.ask("GET", "weir:{node1}:vm:\(report.machines[0].instanceID)")
        #expect(try JSONDecoder().decode(MachineReport.self, from: Data(json.utf8)) == report.machines[0])
        // Without figures of machines none is gone.
        report.failure = "libvirt does not answer"
        let machines = report.machines
        report.machines = []
        first.deliver(report)
        report.failure = nil
        report.machines = [machines[0], MonitorReport.machine("c", state: 1)]
        report.machines[0].state = 3
        report.ports = []
        report.timeMilliseconds += 5000
        first.deliver(report)
        #expect(
            try redis.python(Self.reader, "\(report.timeMilliseconds)") == """
                node1 busy 12.5
                a0 web-a 3 37.5
                c0 web-c 1 37.5

                """)
        #expect(try redis.ask("EXISTS", "weir:{node1}:port:tap1", "weir:{node1}:vm:\(machines[1].instanceID)") == "0\n")
        // Another process knows what the server has, and says nothing anew.
        let second = try runner(redis.settings())
        second.deliver(report)
        #expect(
            try redis.python(Self.events) == """
                came node1 a web-a None 1 1529511600000
                came node1 b web-b None 5 1529511600000
                state node1 a web-a 1 3 1529511605000
                came node1 c web-c None 1 1529511605000
                gone node1 b web-b 5 None 1529511605000

                """)
        try waitUntil("each update is told") { listener.output.split(separator: "\n").count { $0 == "node1" } == 4 }
        for key in try redis.ask("KEYS", "*").split(separator: "\n") where key != "weir:events" {
            let life = try #require(Int(try redis.ask("PTTL", String(key)).dropLast()))
            #expect((1...15_000).contains(life) || key == "weir:hosts", "\(key)")
        }
    }

    @Test func `state is delivered over a socket, to another database, as a user, and with other names`() throws {
        let redis = try RedisProcess(RedisProcess.user("w", "se:c%ret"))
        let file = directory.url.appending(path: "password")
        try Data("se:c%ret\n".utf8).write(to: file)
        for password in ["se%3Ac%25ret", nil] {
            var settings = RedisSettings(
                try RedisAddress("redis+unix://weir\(password.map { ":\($0)" } ?? "")@\(redis.socket)?db=3"), host: "n")
            settings.prefix = "w"
            if password == nil { settings.passwordFile = file.path }
            let runner = try runner(settings)
            runner.deliver(.example)
            #expect(runner.report.failure == nil)
        }
        #expect(try redis.ask("-n", "3", "EXISTS", "w:{n}:host", "w:hosts", "w:{n}:port:tap1", "w:events") == "4\n")
    }

    @Test func `a server that restarts gets the next report`() throws {
        let redis = try RedisProcess()
        let runner = try runner(redis.settings())
        runner.deliver(.example)
        redis.kill()
        try redis.start()
        runner.deliver(.example)
        #expect(runner.report.updates == 2 && runner.report.dropped == 0)
        #expect(try redis.ask("ZCARD", "weir:{node1}:vms") == "2\n")
    }

    // MARK: Trouble

    private func failure(_ settings: RedisSettings) throws -> String? {
        let runner = try runner(settings)
        runner.deliver(.example)
        return runner.report.failure
    }

    @Test func `what a server refuses is said in a sentence that has no password`() throws {
        let redis = try RedisProcess(["--requirepass", "secret"])
        let place = "127.0.0.1:\(redis.port)"
        #expect(
            try failure(redis.settings { $0.address.password = "wrong" })
                == #"cannot deliver to redis://:***@\#(place)/0: the server says "WRONGPASS invalid username-password pair or user is disabled."; check the user and the password"#
        )
        #expect(
            try failure(redis.settings())
                == #"cannot deliver to redis://\#(place)/0: the server says "NOAUTH Authentication required."; check the user and the password"#
        )
        let right = redis.settings { $0.address.password = "secret" }
        var other = right
        other.address.database = 99
        #expect(
            try failure(other)
                == #"cannot deliver to redis://:***@\#(place)/99: the server says "ERR DB index is out of range"; choose a database that the server has"#
        )
        try redis.ask("-a", "secret", "CONFIG", "SET", "maxmemory", "1mb")
        #expect(
            try failure(right)
                == #"cannot deliver to redis://:***@\#(place)/0: the server says "OOM command not allowed when used memory > 'maxmemory'."; raise its maxmemory, or lower max-length"#
        )
        var file = right
        file.passwordFile = directory.url.appending(path: "none").path
        #expect(
            try failure(file)
                == "cannot deliver to redis://:***@\(place)/0: the password cannot be read from \(directory.url.path)/none: no such file or directory; let the user of weir-export read it"
        )
        redis.kill()
        #expect(
            try failure(right)
                == "cannot deliver to redis://:***@\(place)/0: connection refused; check that the server runs, and the key to"
        )
    }

    @Test(arguments: [
        #"HTTP/1.1 400 Bad Request\r\n\r\n"#, #"$99999999999\r\n"#, #":abc\r\n"#, #"$3\r\nabcdef"#,
        #"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"#, #"+OK\n\n\r\r"#, #"$-7\r\n"#, #"*100001\r\n"#,
    ])
    func `a server that answers something else is none`(answer: String) throws {
        let server = try Impostor(answer)
        #expect(
            try failure(server.settings)
                == "cannot deliver to redis://127.0.0.1:\(server.port)/0: what answers there is no Redis server; check the key to"
        )
    }

    @Test func `a server that says nothing, or goes away, is given up`() throws {
        let listener = try Listener.onTCP("127.0.0.1", port: 0)
        var settings = RedisSettings(RedisAddress(.tcp(host: "127.0.0.1", port: listener.port)), host: "n")
        settings.patienceSeconds = 1
        #expect(
            try failure(settings)
                == "cannot deliver to redis://127.0.0.1:\(listener.port)/0: the server does not answer within 1 s; see what keeps the server busy, or what else listens there"
        )
        let server = try Impostor("")
        #expect(try failure(server.settings)?.contains("the server has closed the connection; see") == true)
        settings.address.place = .tcp(host: "no-such-host.invalid", port: 6379)
        #expect(try failure(settings)?.hasPrefix("cannot deliver to redis://no-such-host.invalid:6379/0: ") == true)
    }
}

/// Answers every connection with the same bytes.
private final class Impostor {
    let port: UInt16
    private let process: ChildProcess

    /// - Parameter answer: as Python writes bytes; nothing: the connection is closed.
    init(_ answer: String) throws {
        let program = """
            import socket
            s = socket.socket()
            s.bind(("127.0.0.1", 0))
            s.listen(9)
            print(s.getsockname()[1], flush=True)
            kept = []
            while True:
                c, _ = s.accept()
                c.recv(9999)
                c.sendall(b"\(answer)")
                if b"\(answer)": kept.append(c)
                c = None
            """
        let process = try ChildProcess(["python3", "-c", program])
        self.process = process
        try waitUntil("it listens: \(process.errors)") { process.output.hasSuffix("\n") }
        port = try #require(UInt16(process.output.dropLast()))
    }

    var settings: RedisSettings {
        var settings = RedisSettings(RedisAddress(.tcp(host: "127.0.0.1", port: port)), host: "n")
        settings.patienceSeconds = 2
        return settings
    }
}
