// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowExport
import FlowFilter
import FlowFormats
import FlowModel
import FlowStore
import Foundation
import Host
import SystemPackage

/// An hour of windows in a store on disk: written, merged, read back, and asked.
struct StoreMeasurement {
    private static let hour: Int64 = 1_795_773_600
    private static let windows = 60

    private let folder: URL
    private let records: Int

    /// - Parameter records: of a window, about.
    init(records: Int) {
        self.records = records
        // Not /tmp, which may be memory.
        folder = URL(filePath: "/var/tmp/weir-bench-\(UUID().uuidString)", directoryHint: .isDirectory)
    }

    func figure() throws -> StoreFigure {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = FilePath(folder.path)
        let writer = try StoreWriter(path, StoreRetention(age: .seconds(1 << 40), bytes: 1 << 50))
        let (written, count) = try write(to: writer)
        let segmentBytes = writer.contents.bytes
        Progress.say("store: merging \(count) records")
        let merger = writer.makeMerger()
        var outcome = StoreMerger.Outcome.nothing
        let merging = try ThreadCPU.time {
            outcome = try merger.step(now: UnixTime(seconds: Self.hour + 2 * 3600))
        }
        guard case .merged = outcome, writer.contents.segments == 1 else {
            throw BenchFailure(description: "the hour was not merged: \(merger.takeNotices())")
        }
        Progress.say("store: reading \(count) records")
        let reader = try StoreReader(path)
        let exporting = try export(reader, expected: count)
        return StoreFigure(
            records: count, written: written, bytesASegmentRecord: Double(segmentBytes) / Double(count),
            merged: merging / .nanoseconds(count), bytesAMergedRecord: Double(writer.contents.bytes) / Double(count),
            exported: exporting / .nanoseconds(count), questions: try questions(reader))
    }

    private func write(to writer: StoreWriter) throws -> (Figure, Int) {
        var traffic = StoreTraffic(records: records, seed: Settings.seed)
        var samples = Samples()
        var count = 0
        for minute in 0..<Self.windows {
            if minute.isMultiple(of: 20) { Progress.say("store: window \(minute + 1) of \(Self.windows)") }
            let window = StoreTraffic.window(at: Self.hour + Int64(minute) * 60)
            var all: [FlowRecord] = []
            traffic.forEachRecord(of: window) { all.append($0) }
            // As windows hand their records over.
            all.sort { $0.port.number < $1.port.number }
            let time = try ThreadCPU.time {
                try writer.begin(window, WindowIdentity(sequence: UInt64(minute + 1), nonce: 1))
                for record in all { writer.append(record) }
                try writer.end()
            }
            samples.append(time / .nanoseconds(all.count))
            count += all.count
        }
        return (samples.figure, count)
    }

    private func export(_ reader: StoreReader, expected: Int) throws -> Duration {
        var encoder = AWSTextFormat.default.makeEncoder()
        var compressor = GzipCompressor()
        var bytes: [UInt8] = []
        var (count, size) = (0, 0)
        let time = try ThreadCPU.time {
            for segment in try reader.segments() {
                try reader.forEachEntry(of: segment) { entry in
                    guard case .flow(let record) = entry else { return }
                    encoder.append(record, to: &bytes)
                    count += 1
                    guard bytes.count > 1 << 20 else { return }
                    size += compressor.compress(bytes).count
                    bytes.removeAll(keepingCapacity: true)
                }
            }
            size += compressor.compress(bytes).count
        }
        guard count == expected, size > 0 else {
            throw BenchFailure(description: "\(count) of \(expected) records were read")
        }
        return time
    }

    private func questions(_ reader: StoreReader) throws -> [StoreFigure.Question] {
        // The client port makes it rare: a flow of a peer that few have.
        let rare = StoreTraffic(records: records, seed: Settings.seed).peer(of: records * 4 - 1)
        let filters = ["interface \(StoreTraffic.oneMachine)", "host \(rare)", "reject and dst port 22"]
        var questions = try filters.map { words in
            let query = StoreQuery(filter: try FlowFilter(words))
            return try question("logs \(words)") {
                var count = 0
                try reader.forEachEntry(query) { _ in count += 1 }
                return count
            }
        }
        questions.append(
            try question("logs --last 1000 \(filters[0])") {
                try reader.newest(1000, StoreQuery(filter: try FlowFilter(filters[0]))).count
            })
        questions.append(
            try question("top --by srcaddr") {
                try reader.totals(StoreQuery(), by: [.sourceAddress]).groups.count
            })
        return questions
    }

    private func question(_ words: String, _ ask: () throws -> Int) throws -> StoreFigure.Question {
        // Once for the page cache.
        _ = try ask()
        var answers = 0
        let time = try ThreadCPU.time { answers = try ask() }
        return StoreFigure.Question(
            words: words, seconds: time / .seconds(1), answers: answers, residentBytes: Self.residentBytes)
    }

    private static var residentBytes: Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        return (pages.flatMap { Int($0[1]) } ?? 0) * Int(getpagesize())
    }
}
