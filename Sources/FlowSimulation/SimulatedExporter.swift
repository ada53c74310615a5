// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowExport
import FlowModel
import FlowStore
import FlowTestKit
import FlowVerdict
import SystemPackage

/// One process of `weir-export` on a simulated host: the real runners with their cursors, sinks of real files, and sinks that send to
/// collectors.
final class SimulatedExporter {
    private var runners: [SinkRunner] = []

    static let folder: FilePath = "/export"
    static let logs: FilePath = "/logs"
    static let parquet: FilePath = "/parquet"

    init(_ host: SimulatedHost, _ process: SimulatedProcess) throws {
        let store = try StoreReader(SimulatedDaemon.storePath)
        for collector in host.collectors {
            try add(collector.name, store, host) { cursor, _ in
                SimulatedSink(collector, cursor: cursor, process, host.mutation)
            }
        }
        if host.plan.sinks.contains(.files) {
            try addFiles("files", .lines(SimulatedFormat()), in: Self.logs, store, host)
        }
        if host.plan.sinks.contains(.parquet) {
            try addFiles("parquet", .parquet(ParquetFields.all), in: Self.parquet, store, host)
        }
    }

    private func addFiles(
        _ name: String, _ content: LogFileContent, in directory: FilePath, _ store: StoreReader, _ host: SimulatedHost
    ) throws {
        try add(name, store, host) { cursor, folder in
            var files = LogFileConfiguration(
                directory: directory, stateDirectory: folder, stateID: "simulated", content: content, flowLogID: "fl-1")
            if case .parquet = content { files.fileExtension = "log.parquet" }
            files.publishPeriod = host.plan.publishPeriod
            files.sizeLimit = host.plan.fileSize
            return try LogFileSink(configuration: files, cursor: cursor)
        }
    }

    private func add(
        _ name: String, _ store: StoreReader, _ host: SimulatedHost, _ sink: (UInt64, FilePath) throws -> any Sink
    ) throws {
        let path = Self.folder.appending(name)
        let folder = try HeldFolder(path, .ours, create: 0o700)
        let cursor = try SinkCursor(in: folder, startingAt: 0)
        var sink = try sink(cursor.sequence, path)
        if host.mutation == .judgedTwice { sink = JudgingSink(sink, host.judge) }
        runners.append(
            SinkRunner(
                SinkReport(name: name, kind: "simulated", to: nil), sink: sink, store: store, cursor: cursor,
                folder: folder, selection: RecordSelection(), clock: host.clock, random: SplitMix64(seed: host.seed),
                say: { [weak host] in host?.trace("\(name): \($1)") }))
    }

    var count: Int { runners.count }

    /// Does what is due at a sink.
    func step(_ sink: Int) { _ = runners[sink].step() }

    func storeHasChanged() { for runner in runners { runner.storeHasChanged() } }

    /// The number of the last window that every sink has delivered.
    var delivered: UInt64 { runners.map { $0.currentReport().acknowledged }.min() ?? .max }

    /// Windows that sinks do not have yet.
    var windowsBehind: Int { runners.reduce(0) { $0 + $1.currentReport().windowsBehind } }

    /// Windows that sinks have, and whose delivery is not acknowledged.
    var windowsHeld: Int { runners.reduce(0) { $0 + $1.currentReport().windowsHeld } }

    /// Delivers all. Returns false where something failed.
    func finish() -> Bool { runners.reduce(true) { $1.finish() && $0 } }
}

/// Judges records anew on their way to another sink: what no sink may do.
private final class JudgingSink: Sink {
    private let sink: any Sink
    private let judge: SimulatedJudge

    init(_ sink: any Sink, _ judge: SimulatedJudge) {
        self.sink = sink
        self.judge = judge
    }

    func append(_ entry: LogEntry) {
        guard case .flow(var record) = entry, var judge = judge.judge(of: record.window) else {
            return sink.append(entry)
        }
        if let verdict = judge.verdict(of: record) { record.verdict = verdict }
        sink.append(.flow(record))
    }

    var taken: UInt64 { sink.taken }
    var acknowledged: UInt64 { sink.acknowledged }
    var counts: SinkCounts { sink.counts }
    var nextDelivery: UnixTime? { sink.nextDelivery }
    func begin(_ window: StoredSegment) throws { try sink.begin(window) }
    func end() throws { try sink.end() }
    func abandon() { sink.abandon() }
    func skip(_ window: StoredSegment) { sink.skip(window) }
    func tend(now: UnixTime) throws { try sink.tend(now: now) }
    func cursorIsSafe() throws { try sink.cursorIsSafe() }
    func finish() throws { try sink.finish() }
    func takeNotices() -> [String] { sink.takeNotices() }
}
