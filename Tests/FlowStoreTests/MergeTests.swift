// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore
import Foundation
import SystemPackage
import Testing

@Suite struct MergeTests {
    private static let hour: Int64 = 1_795_773_600
    private static let later = UnixTime(seconds: hour + 3600 + 301)

    private let folder = FilePath(
        FileManager.default.temporaryDirectory.appending(path: "weir-t-merge-\(UUID().uuidString)").path())

    private func makeWriter() throws -> StoreWriter {
        try StoreWriter(
            folder, StoreRetention(age: .seconds(86_400 * 3650), bytes: 1 << 40), groupRows: 100, pageRows: 30)
    }

    /// Windows of ten seconds each, from the beginning of the hour on.
    private func write(_ numbers: Range<Int>, records: Int, to writer: StoreWriter) throws -> [LogEntry] {
        var random = RandomEntries(seed: UInt64(numbers.lowerBound + 1))
        var all: [LogEntry] = []
        for number in numbers {
            let start = Self.hour + Int64(number) * 10
            random.window = Window(
                number: 1, start: UnixTime(seconds: start), end: UnixTime(seconds: start + 10))
            let entries = random.next(records)
            try writer.begin(random.window, Self.identity(number))
            for entry in entries { writer.append(entry) }
            try writer.end()
            all += entries
        }
        return all
    }

    private static func identity(_ number: Int) -> WindowIdentity {
        WindowIdentity(sequence: UInt64(number + 1), nonce: 9)
    }

    private static func lines(_ entries: [LogEntry]) -> [Substring] {
        var bytes: [UInt8] = []
        for entry in entries { JSONLinesFormat().append(entry, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").sorted()
    }

    private func read(_ query: StoreQuery = StoreQuery()) throws -> [LogEntry] {
        var entries: [LogEntry] = []
        let reader = try StoreReader(folder)
        try reader.forEachEntry(query) { entries.append($0) }
        #expect(reader.damages.isEmpty)
        return entries
    }

    private func isMerged(_ outcome: StoreMerger.Outcome) -> Bool { if case .merged = outcome { true } else { false } }

    private func withFolder(_ body: () throws -> Void) throws {
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        try body()
    }

    @Test func `the newest records of an hour that is sorted by port are those of its last windows`() throws {
        try withFolder {
            let writer = try makeWriter()
            let entries = try write(0..<12, records: 60, to: writer)
            #expect(isMerged(try writer.makeMerger(groupRows: 250).step(now: Self.later)))
            for count in [1, 59, 60, 61, 150, 1000] {
                let newest = try StoreReader(folder).newest(count, StoreQuery())
                let windows = newest.map(\.window.start.seconds)
                #expect(windows == entries.suffix(count).map(\.window.start.seconds))
                #expect(Set(Self.lines(newest)).isSubset(of: Self.lines(entries)))
            }
        }
    }

    @Test func `an hour that is over becomes one file with the same records, sorted by port`() throws {
        try withFolder {
            let writer = try makeWriter()
            let entries = try write(0..<12, records: 60, to: writer)
            let merger = writer.makeMerger(groupRows: 250)
            #expect(try merger.step(now: UnixTime(seconds: Self.hour + 3600)) == .nothing)
            #expect(isMerged(try merger.step(now: Self.later)))
            #expect(try merger.step(now: Self.later) == .nothing && writer.contents.segments == 1)
            let found = try read()
            #expect(Self.lines(found) == Self.lines(entries))
            let ports = found.map(\.port.name)
            #expect(ports == ports.sorted())
            #expect(Self.lines(try read(StoreQuery(after: 8))) == Self.lines(Array(entries[(8 * 60)...])))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending("growing").string).isEmpty)
        }
    }

    @Test func `a window stays known after it was merged, and a late one is merged too`() throws {
        try withFolder {
            let writer = try makeWriter()
            var entries = try write(0..<5, records: 20, to: writer)
            let merger = writer.makeMerger()
            #expect(isMerged(try merger.step(now: Self.later)))
            for process in [writer, try makeWriter()] {
                #expect(try (0..<5).allSatisfy { try process.holds(Self.identity($0)) })
                #expect(try !process.holds(Self.identity(5)) && process.newestSequence == 5)
                #expect(try !process.holds(WindowIdentity(sequence: 3, nonce: 8)))
            }
            entries += try write(5..<6, records: 20, to: writer)
            #expect(Self.lines(try read()) == Self.lines(entries))
            #expect(isMerged(try merger.step(now: Self.later)))
            #expect(Self.lines(try read()) == Self.lines(entries))
            #expect(try (0..<6).allSatisfy { try writer.holds(Self.identity($0)) } && writer.contents.segments == 1)
        }
    }

    /// More files than are open at a time: what was not open yet is gone when its turn comes.
    @Test(arguments: [1, 25, 45]) func `who reads while an hour is merged has each record once`(
        place: Int
    ) throws {
        try withFolder {
            let writer = try makeWriter()
            let entries = try write(0..<12, records: 5, to: writer)
            let merger = writer.makeMerger()
            var found: [LogEntry] = []
            try StoreReader(folder, mostOpen: 3).forEachEntry(StoreQuery()) { entry in
                found.append(entry)
                guard found.count == place else { return }
                let outcome = try merger.step(now: Self.later)
                #expect(isMerged(outcome))
            }
            #expect(Self.lines(found) == Self.lines(entries))
        }
    }

    @Test func `a file that is cut is put aside, said, and keeps no other from being merged`() throws {
        try withFolder {
            let writer = try makeWriter()
            let entries = try write(0..<4, records: 30, to: writer)
            let segment = try StoreReader(folder).segments()[1]
            let path = folder.appending(segment.path.components).string
            let whole = try Data(contentsOf: URL(filePath: path))
            try whole.prefix(whole.count / 2).write(to: URL(filePath: path))

            let reader = try StoreReader(folder)
            var found: [LogEntry] = []
            for _ in 0..<2 { try reader.forEachEntry(StoreQuery()) { found.append($0) } }
            #expect(reader.damages.map(\.segment.path) == [segment.path] && found.count == 2 * 90)

            let merger = writer.makeMerger()
            #expect(try merger.step(now: Self.later) == .postponed)
            #expect(merger.takeNotices().first?.contains("it was moved to \(folder)/damaged") == true)
            #expect(FileManager.default.fileExists(atPath: folder.appending("damaged").appending(segment.name).string))
            #expect(isMerged(try merger.step(now: Self.later)))
            #expect(Self.lines(try read()) == Self.lines(Array(entries[..<30] + entries[60...])))
        }
    }

    @Test func `what a dead process was merging is removed, and the hour is as it was`() throws {
        try withFolder {
            let writer = try makeWriter()
            let entries = try write(0..<3, records: 10, to: writer)
            let left = folder.appending("growing").appending("hour.new")
            try FileManager.default.createDirectory(atPath: left.string, withIntermediateDirectories: true)
            try Data("half a file".utf8).write(to: URL(filePath: left.appending("x.parquet").string))
            let next = try makeWriter()
            #expect(!FileManager.default.fileExists(atPath: left.string))
            #expect(isMerged(try next.makeMerger().step(now: Self.later)))
            #expect(Self.lines(try read()) == Self.lines(entries))
        }
    }

    @Test func `the metadata of segments and of merged files has the sums of the rows`() throws {
        try withFolder {
            let writer = try makeWriter()
            let entries = try write(0..<6, records: 40, to: writer)
            func sums() throws -> [String: UInt64] {
                try StoreReader(folder).segments().reduce(into: [:]) { sums, segment in
                    let path = folder.appending(segment.path.components).string
                    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
                    let length = try ParquetFooter.length(bytes[...])
                    let footer = try ParquetFooter(bytes.dropLast(8).suffix(length))
                    for (name, value) in footer.metadata where name.hasPrefix("weir.sum.") {
                        sums[name, default: 0] &+= UInt64(value) ?? 0
                    }
                }
            }
            var expected: [String: UInt64] = ["weir.sum.rows": UInt64(entries.count), "weir.sum.flows": 0]
            for entry in entries {
                if case .flow = entry { expected["weir.sum.flows", default: 0] += 1 }
                let word =
                    switch entry {
                    case .skipData: "overflow"
                    default:
                        switch entry.verdict?.action {
                        case .accept: "accepted"
                        case .reject: "rejected"
                        default: "other"
                        }
                    }
                expected["weir.sum.\(word)_packets", default: 0] &+= entry.count.packets
                expected["weir.sum.\(word)_bytes", default: 0] &+= entry.count.octets
            }
            #expect(try sums() == expected)
            #expect(isMerged(try writer.makeMerger().step(now: Self.later)))
            #expect(try sums() == expected)
        }
    }
}
