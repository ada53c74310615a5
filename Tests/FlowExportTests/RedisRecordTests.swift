// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats
import FlowModel
import FlowStore
import FlowTestKit
import Foundation
import SystemPackage
import Testing

@Suite(.enabled(if: KernelAccess.isExpected)) struct RedisRecordTests {
    private static let reader = """
        last = b"-"
        while True:
            entries = ask(b"XRANGE", b"weir:{node1}:records", last, b"+", b"COUNT", b"5000")
            if not entries: break
            for id, fields in entries:
                if len(sys.argv) > 2: print(id.decode())
                else: print(fields[1].decode())
            last = b"(" + entries[-1][0]
        """

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Stores windows of so many records, and gives their lines.
    @discardableResult
    private func store(_ windows: ClosedRange<UInt64>, of count: Int, nonce: UInt64 = 1) throws -> String {
        let writer = try StoreWriter(
            directory.path.appending("flows"), StoreRetention(age: .seconds(1 << 30), bytes: .max))
        var encoder = JSONLinesFormat().makeEncoder()
        for sequence in windows {
            let window = window(examplePeriod + Int64(sequence) * 60)
            try writer.begin(window, WindowIdentity(sequence: sequence, nonce: nonce))
            for entry in records(count, in: window) { writer.append(entry) }
            try writer.end()
        }
        var bytes: [UInt8] = []
        try StoreReader(directory.path.appending("flows")).forEachEntry(StoreQuery(after: windows.lowerBound - 1)) {
            encoder.append($0, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func plan(_ redis: RedisProcess) -> ExportPlan {
        ExportPlan(directory, redis.settings { $0.takesRecords = true })
    }

    private func runner(
        _ plan: ExportPlan, _ say: @escaping @Sendable (SinkRunner.Severity, String) -> Void = { _, _ in }
    ) throws -> SinkRunner { try plan.runner(of: plan.sinks[0], say: say) }

    private func forgetCursor() throws {
        try FileManager.default.removeItem(at: directory.state.appending(path: "r"))
    }

    @Test func `the stream has the records of each window as the store has them, a retry none twice`() throws {
        let redis = try RedisProcess()
        let lines = try store(1...2, of: 700)
        let plan = plan(redis)
        let runner = try runner(plan)
        #expect(runner.finish())
        #expect(try redis.python(Self.reader) == lines)
        let report = runner.currentReport()
        #expect(report.counts.records == 1400 && report.counts.windows == 2 && report.acknowledged == 2)
        #expect(report.counts.bytes == UInt64(lines.utf8.count - 1400))
        // A process that died before it wrote its cursor delivers the last window again.
        try forgetCursor()
        var again = plan
        again.sinks[0].start = 1
        #expect(try self.runner(again).finish())
        #expect(try redis.python(Self.reader) == lines)
        let ids = (1...700).map { "1-\($0)\n" }.joined() + (1...700).map { "2-\($0)\n" }.joined()
        #expect(try redis.python(Self.reader, "ids") == ids)
    }

    @Test func `the filter and the keys of a sink hold, and the stream is capped`() throws {
        let redis = try RedisProcess()
        try store(1...1, of: 3000)
        var plan = plan(redis)
        plan.sinks[0].filter = "src port 7"
        #expect(try runner(plan).finish())
        #expect(try redis.ask("XLEN", "weir:{node1}:records") == "1\n")
        try forgetCursor()
        try redis.ask("FLUSHALL")
        plan.sinks[0].filter = nil
        plan.sinks[0].redis?.mostRecords = 100
        #expect(try runner(plan).finish())
        // Whole nodes of the stream are cut off, of 100 entries each.
        let length = try #require(Int(try redis.ask("XLEN", "weir:{node1}:records").dropLast()))
        #expect((100...300).contains(length))
        #expect(try redis.python(Self.reader, "ids").hasSuffix("1-3000\n"))
    }

    @Test func `a stream of a store that was made anew is put aside, and nothing is taken for known`() throws {
        let redis = try RedisProcess()
        try store(1...3, of: 10)
        #expect(try runner(plan(redis)).finish())
        try forgetCursor()
        try FileManager.default.removeItem(at: directory.url.appending(path: "flows"))
        let lines = try store(1...2, of: 20, nonce: 9)
        let said = Sayings()
        let runner = try runner(plan(redis)) { said.add("\($0): \($1)") }
        #expect(runner.finish())
        #expect(try redis.python(Self.reader) == lines)
        #expect(try redis.ask("XLEN", "weir:{node1}:records:before") == "30\n")
        #expect(
            said.all == [
                "warning: r: the stream weir:{node1}:records had records of another store, and is now weir:{node1}:records:before; if another host has the name node1, too, set the key host"
            ])
    }

    @Test func `a full server and a foreign key are said, and the window waits in the store`() throws {
        let redis = try RedisProcess()
        let lines = try store(1...1, of: 5000)
        let runner = try runner(plan(redis))
        try redis.ask("SET", "weir:{node1}:records", "mine")
        #expect(!runner.finish())
        #expect(runner.currentReport().failure?.hasSuffix("something else has that key: choose another prefix") == true)
        try redis.ask("DEL", "weir:{node1}:records")
        try redis.ask("CONFIG", "SET", "maxmemory", "2mb")
        #expect(!runner.finish())
        let report = runner.currentReport()
        #expect(report.failure?.hasSuffix("raise its maxmemory, or lower max-length") == true)
        #expect(report.windowsBehind == 1 && report.acknowledged == 0 && report.counts.records == 0)
        try redis.ask("CONFIG", "SET", "maxmemory", "0")
        #expect(runner.finish())
        #expect(try redis.python(Self.reader) == lines)
    }

    /// The program that the daemon starts, by hand.
    @Test func `a server that is killed and started again while windows of 10,000 records come has each once`() throws {
        let redis = try RedisProcess(["--appendonly", "yes"] + RedisProcess.user("weir", "secret"))
        let silent = try RedisProcess()
        let answer = MonitorServer.Answer(try .report(.example))
        try MonitorServer.with(answer) { server in
            try store(1...1, of: 0)
            let password = directory.url.appending(path: "password")
            let text = """
                socket: \(server.socket)
                state-dir: \(directory.state.path)
                store: \(directory.url.path)/flows
                sinks:
                  - {name: silent, type: redis, to: "redis+unix://\(silent.socket)", records: true}
                  - {name: r, type: redis, to: "redis://weir@localhost:\(redis.port)", records: true, max-length: 1000000, host: node1, password-file: \(password.path)}
                """
            try Data("secret".utf8).write(to: password)
            let configuration = directory.url.appending(path: "weir.yaml")
            try Data(text.utf8).write(to: configuration)
            let binaries = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            let command = [binaries.appending(path: "weir-export").path, "--config", configuration.path]
            let export = try ChildProcess(command)
            try waitUntil("state is delivered: \(export.errors)") {
                try redis.ask("EXISTS", "weir:{node1}:host") == "1\n"
            }
            silent.freeze()
            let lines = try store(2...9, of: 10_000)
            try waitUntil("some windows are delivered", within: .seconds(60)) {
                try Int(redis.ask("XLEN", "weir:{node1}:records").dropLast()) ?? 0 > 15_000
            }
            redis.kill()
            try redis.start()
            try waitUntil("all windows are delivered", within: .seconds(120)) {
                try redis.ask("XLEN", "weir:{node1}:records") == "80000\n"
            }
            #expect(try redis.python(Self.reader) == lines)
            let logs = [
                binaries.appending(path: "weir").path, "logs", "--store", "\(directory.url.path)/flows", "--json",
                "--since", "2018-06-20",
            ]
            let nothing = ["WEIR_CONFIG": configuration.path]
            #expect(try ChildProcess.run(logs, environment: nothing, within: .seconds(120)) == lines)
            silent.thaw()
            export.stop()
            try waitUntil("the host's keys are gone by themselves") {
                try redis.ask("KEYS", "*").split(separator: "\n").sorted()
                    == ["weir:events", "weir:hosts", "weir:{node1}:records", "weir:{node1}:records:window"]
            }
            #expect(!export.errors.contains("secret"), "\(export.errors)")
        }
    }
}

private final class Sayings: @unchecked Sendable {
    private let lock = NSLock()
    private var sayings: [String] = []

    func add(_ text: String) { lock.withLock { sayings.append(text) } }
    var all: [String] { lock.withLock { sayings } }
}
