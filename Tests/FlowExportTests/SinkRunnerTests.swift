// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowExport
import FlowFilter
import FlowFormats
import FlowModel
import FlowStore
import FlowTestKit
import Foundation
import Host
import SystemPackage
import Testing

/// A sink that keeps what it takes, and fails when it is told to.
private final class ListSink: Sink {
    var taken: UInt64
    var acknowledged: UInt64 { taken }
    var counts = SinkCounts()
    var nextDelivery: UnixTime? { nil }
    var entries: [(sequence: UInt64, ports: [UInt16])] = []
    var failure: (any Error)?
    private var ports: [UInt16] = []
    private var window: StoredSegment?

    init(taken: UInt64) { self.taken = taken }

    func begin(_ window: StoredSegment) { (self.window, ports) = (window, []) }
    func append(_ entry: LogEntry) {
        if case .flow(let record) = entry { ports.append(record.key.sourcePort) }
    }
    func end() throws {
        if let failure { throw failure }
        guard let window = window.take() else { return }
        entries.append((window.identity.sequence, ports))
        taken = window.identity.sequence
    }
    func abandon() { window = nil }
    func skip(_ window: StoredSegment) { taken = window.identity.sequence }
    func tend(now: UnixTime) {}
    func cursorIsSafe() {}
    func finish() {}
    func takeNotices() -> [String] { [] }
}

@Suite(.enabled(if: KernelAccess.isExpected)) struct SinkRunnerTests {
    private let directory: TemporaryDirectory
    private let writer: StoreWriter
    private let clock = SimulatedClock(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000), realtime: UnixTime(seconds: examplePeriod + 900))

    init() throws {
        directory = try TemporaryDirectory()
        writer = try StoreWriter(directory.path.appending("flows"), StoreRetention(age: .seconds(3600), bytes: .max))
    }

    private func store(_ sequence: UInt64, ports: [UInt16]) throws {
        let window = window(examplePeriod + Int64(sequence) * 60)
        try writer.begin(window, WindowIdentity(sequence: sequence, nonce: 1))
        for port in ports { writer.append(record(port, in: window)) }
        try writer.end()
    }

    private func cursor(startingAt start: UInt64) throws -> SinkCursor {
        try SinkCursor(in: try HeldFolder(directory.statePath, .anyFolder), startingAt: start)
    }

    private func runner(
        _ sink: any Sink, _ cursor: SinkCursor, _ selection: RecordSelection = RecordSelection(),
        _ say: @escaping (SinkRunner.Severity, String) -> Void = { _, _ in }
    ) throws -> SinkRunner {
        SinkRunner(
            SinkReport(name: "list", kind: "test", to: nil), sink: sink,
            store: try StoreReader(directory.path.appending("flows")), cursor: cursor,
            folder: try HeldFolder(directory.statePath, .anyFolder), selection: selection, clock: clock, say: say)
    }

    @Test func `a sink gets each window once, in the order of numbers, from its start on`() throws {
        for sequence in [9, 3, 7, 8] as [UInt64] { try store(sequence, ports: [UInt16(sequence)]) }
        let sink = ListSink(taken: 3)
        let runner = try runner(sink, try cursor(startingAt: 3))
        #expect(runner.finish())
        try store(12, ports: [])
        #expect(runner.finish())
        #expect(sink.entries.map(\.sequence) == [7, 8, 9, 12])
        #expect(sink.entries.map(\.ports) == [[7], [8], [9], []])
        let next = try cursor(startingAt: 0)
        #expect(next.sequence == 12)
    }

    @Test func `what a sink does not want is left out`() throws {
        try store(1, ports: [80, 81, 82])
        let sink = ListSink(taken: 0)
        let selection = RecordSelection(filter: try .init("src port 81"))
        #expect(try runner(sink, try cursor(startingAt: 0), selection).finish())
        #expect(sink.entries.map(\.ports) == [[81]])
    }

    @Test func `a sink that fails is left alone, longer each time, is said once, and goes on where it was`() throws {
        for sequence in 1...3 as ClosedRange<UInt64> { try store(sequence, ports: [UInt16(sequence)]) }
        let sink = ListSink(taken: 0)
        sink.failure = ExportError(.print, "there", .noSpace)
        var said: [String] = []
        let runner = try runner(sink, try cursor(startingAt: 0)) { said.append("\($0): \($1)") }
        var waits: [Duration] = []
        for _ in 0..<5 {
            guard case .wait(let until?) = runner.step() else {
                Issue.record("it is not left alone")
                return
            }
            waits.append(clock.now.monotonic.duration(to: until))
            clock.advance(by: clock.now.monotonic.duration(to: until))
        }
        for (wait, seconds) in zip(waits, [1.0, 2, 4, 8, 16]) {
            #expect((seconds * 0.75...seconds * 1.25).contains(wait / .seconds(1)))
        }
        #expect(runner.currentReport().failure?.contains("no space left") == true)
        #expect(runner.currentReport().windowsBehind == 3 && runner.currentReport().failures == 1)
        sink.failure = nil
        while sink.taken < 3 {
            if case .wait(let until?) = runner.step() { clock.advance(by: clock.now.monotonic.duration(to: until)) }
        }
        #expect(said.count == 2 && said[0].hasPrefix("error: list: ") && said[1] == "notice: list works again")
        #expect(sink.entries.map(\.ports) == [[1], [2], [3]])
        #expect(runner.currentReport().failure == nil && runner.currentReport().windowsBehind == 0)
    }

    @Test func `what the other end refuses for ever is put aside, and the next window goes on`() throws {
        try store(1, ports: [1, 2])
        try store(2, ports: [3])
        let sink = ListSink(taken: 0)
        sink.failure = SinkRefusal("its fields are wrong")
        let runner = try runner(sink, try cursor(startingAt: 0))
        _ = runner.step()
        sink.failure = nil
        #expect(runner.finish())
        #expect(sink.entries.map(\.sequence) == [2])
        let folder = directory.state.appending(path: "refused")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names == ["0000000000000001-0000000000000001.json"])
        let lines = try String(contentsOf: folder.appending(path: names[0]), encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("\"srcport\":1,") && lines[1].contains("\"srcport\":2,"))
        #expect(runner.currentReport().counts.refused == 1)
    }

    @Test func `a window that cannot be read is said, counted and left out`() throws {
        try store(1, ports: [1])
        try store(2, ports: [2])
        let first = try #require(try StoreReader(directory.path.appending("flows")).segments().first)
        let path = directory.url.appending(path: "flows/\(first.path)")
        try Data("rubbish".utf8).write(to: path)
        let sink = ListSink(taken: 0)
        var said: [String] = []
        let runner = try runner(sink, try cursor(startingAt: 0)) { said.append("\($0): \($1)") }
        #expect(runner.finish())
        #expect(sink.entries.map(\.ports) == [[2]] && runner.currentReport().damaged == 1)
        #expect(said.count == 1 && said[0].hasPrefix("error: \(first.path) of the store "))
    }

    @Test func `a reader of standard output that is gone ends its sink alone`() throws {
        signal(SIGPIPE, SIG_IGN)
        try store(1, ports: [1])
        let (reading, writing) = try FileDescriptor.pipe()
        try reading.close()
        defer { try? writing.close() }
        let runner = try runner(
            LineSink(writing, format: JSONLinesFormat(), taken: 0), try cursor(startingAt: 0))
        #expect(runner.step() == .wait(nil))
        #expect(runner.currentReport().isEnded && runner.finish())
    }

    @Test func `a cursor that is none is refused with a sentence`() throws {
        for text in ["", "weir cursor", "weir cursor x\n", "weir cursor 12", "weir cursor 12\n\n"] {
            try Data(text.utf8).write(to: directory.state.appending(path: "cursor"))
            let error = #expect(throws: ExportError.self) { _ = try cursor(startingAt: 4) }
            #expect("\(try #require(error))".contains("the file is damaged: remove it"))
        }
    }
}
