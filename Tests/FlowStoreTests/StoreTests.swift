// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore
import FlowTestKit
import Foundation
import SystemPackage
import Testing

@Suite struct StoreTests {
    private let folder = FilePath(
        FileManager.default.temporaryDirectory.appending(path: "weir-t-store-\(UUID().uuidString)").path())
    private static let plenty = StoreRetention(age: .seconds(86_400 * 365), bytes: 1 << 40)

    private func withFolder(_ body: () throws -> Void) throws {
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        try body()
    }

    private func write(_ entries: [LogEntry], _ window: Window, _ sequence: UInt64, to writer: StoreWriter) throws {
        try writer.begin(window, WindowIdentity(sequence: sequence, nonce: 10))
        for entry in entries {
            if case .flow(let record) = entry { writer.append(record) } else { writer.append(entry) }
        }
        try writer.end()
    }

    private func read(_ reader: StoreReader, since: Int64? = nil, until: Int64? = nil) throws -> [LogEntry] {
        var entries: [LogEntry] = []
        for segment in try reader.segments(since: since, until: until) {
            try reader.forEachEntry(of: segment) { entries.append($0) }
        }
        return entries
    }

    /// Sorted: a row group has its own order.
    private static func lines(_ entries: [LogEntry]) -> [Substring] {
        var bytes: [UInt8] = []
        for entry in entries { JSONLinesFormat().append(entry, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").sorted()
    }

    /// More than one row group, and several pages of each.
    @Test(arguments: [1, 25, 3000]) func `what is written is read, line for line`(count: Int) throws {
        try withFolder {
            var random = RandomEntries(seed: UInt64(count))
            let entries = random.next(count)
            let writer = try StoreWriter(folder, Self.plenty, groupRows: 700, pageRows: 150)
            try write(entries, random.window, 1, to: writer)
            let found = try read(try StoreReader(folder))
            #expect(found.count == count)
            #expect(Self.lines(found) == Self.lines(entries))
        }
    }

    @Test func `a window without lines is a file without rows`() throws {
        try withFolder {
            let writer = try StoreWriter(folder, Self.plenty)
            let window = RandomEntries(seed: 1).window
            try write([], window, 1, to: writer)
            #expect(try read(try StoreReader(folder)).isEmpty)
            #expect(writer.contents.segments == 1)
        }
    }

    @Test func `a window is in the store once, and the next process knows it`() throws {
        try withFolder {
            var random = RandomEntries(seed: 2)
            let entries = random.next(10)
            let writer = try StoreWriter(folder, Self.plenty)
            #expect(try !writer.holds(WindowIdentity(sequence: 1, nonce: 10)))
            try write(entries, random.window, 1, to: writer)
            let next = try StoreWriter(folder, Self.plenty)
            #expect(try next.holds(WindowIdentity(sequence: 1, nonce: 10)))
            #expect(try !next.holds(WindowIdentity(sequence: 2, nonce: 10)))
            #expect(next.contents == writer.contents && next.contents.segments == 1)
        }
    }

    /// What was not ended is not there, and is removed by the next process.
    @Test func `a segment that is not whole has no name`() throws {
        try withFolder {
            var random = RandomEntries(seed: 3)
            let writer = try StoreWriter(folder, Self.plenty, groupRows: 100)
            try writer.begin(random.window, WindowIdentity(sequence: 1, nonce: 10))
            for entry in random.next(500) { writer.append(entry) }
            #expect(try read(try StoreReader(folder)).isEmpty)
            let growing = folder.appending("growing").string
            #expect(try FileManager.default.contentsOfDirectory(atPath: growing).count == 1)
            let next = try StoreWriter(folder, Self.plenty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: growing).isEmpty)
            #expect(next.contents.segments == 0)
        }
    }

    private static func window(_ minute: Int64) -> Window {
        let start = 1_795_770_000 + minute * 60
        return Window(number: 1, start: UnixTime(seconds: start), end: UnixTime(seconds: start + 60))
    }

    @Test func `segments are found by time, over hours and days`() throws {
        try withFolder {
            let writer = try StoreWriter(folder, Self.plenty)
            let port = Port(number: PortNumber(1), name: "tap1", role: .guest)
            // 30 hours.
            for minute in stride(from: Int64(0), to: 1800, by: 10) {
                try write(
                    [.noData(port: port, window: Self.window(minute))], Self.window(minute), UInt64(minute),
                    to: writer)
            }
            let reader = try StoreReader(folder)
            let all = try reader.segments()
            #expect(all.count == 180 && all == all.sorted())
            let since = Self.window(1000).start.seconds
            let until = Self.window(1100).start.seconds
            #expect(
                try reader.segments(since: since, until: until).map(\.start)
                    == (100..<110).map { Self.window($0 * 10).start.seconds })
            // The edge of a window belongs to both sides of it.
            #expect(try reader.segments(since: since + 60).count == 80)
            #expect(try reader.segments(since: since + 61).count == 79)
            #expect(try reader.segments(until: since).count == 100)
        }
    }

    @Test func `what is too old or too much is deleted, the oldest first, with its folders`() throws {
        try withFolder {
            let writer = try StoreWriter(folder, Self.plenty)
            let port = Port(number: PortNumber(1), name: "tap1", role: .guest)
            for minute in stride(from: Int64(0), to: 600, by: 60) {
                try write(
                    [.noData(port: port, window: Self.window(minute))], Self.window(minute), UInt64(minute),
                    to: writer)
            }
            let now = Self.window(541).start
            writer.retention.age = .seconds(3600 * 5)
            try writer.expire(now: now)
            #expect(
                try read(try StoreReader(folder)).map(\.window.start)
                    == [4, 5, 6, 7, 8, 9].map { Self.window($0 * 60).start })
            writer.retention.bytes = writer.contents.bytes / 2
            try writer.expire(now: now)
            #expect(
                try StoreReader(folder).segments().map(\.start) == [7, 8, 9].map { Self.window($0 * 60).start.seconds })
            writer.retention.bytes = 0
            try writer.expire(now: now)
            // The newest one tells where numbers go on.
            #expect(writer.contents == (try StoreWriter(folder, Self.plenty)).contents && writer.contents.segments == 1)
            #expect(writer.newestSequence == 540)
            let hours = try ChildProcess.run(["find", folder.string, "-mindepth", "4", "-type", "d"])
            #expect(hours.split(separator: "\n").count == 1)
        }
    }

    /// Bytes all over a small file changed, and the file cut everywhere: each is read or refused, and none makes the reader trap.
    @Test func `a damaged file is refused with a sentence`() throws {
        try withFolder {
            var random = RandomEntries(seed: 4)
            let writer = try StoreWriter(folder, Self.plenty)
            try write(random.next(12), random.window, 1, to: writer)
            let reader = try StoreReader(folder)
            let segment = try #require(try reader.segments().first)
            let path = URL(filePath: folder.appending(segment.path.components).string)
            let whole = try Data(contentsOf: path)
            func outcome(_ bytes: Data) throws -> String? {
                try bytes.write(to: path)
                do {
                    try reader.forEachEntry(of: segment) { _ in }
                    return nil
                } catch let error as ParquetError {
                    return error.description
                }
            }
            for length in stride(from: 0, to: whole.count, by: 101) {
                #expect(try outcome(whole.prefix(length)) != nil, "cut at \(length)")
            }
            var refused = 0
            let places = Array(stride(from: 0, to: whole.count, by: 47))
            for place in places {
                var bytes = whole
                bytes[place] ^= UInt8(truncatingIfNeeded: place &* 37 | 1)
                if try outcome(bytes) != nil { refused += 1 }
            }
            #expect(refused > places.count / 4)
        }
    }

    @Test func `what is no store is said`() throws {
        #expect(throws: StoreError.self) { try StoreReader("/nowhere/at-all") }
        try withFolder {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
            try Data("rubbish".utf8).write(to: URL(filePath: folder.appending("2026").string))
            #expect(try StoreReader(folder).segments().isEmpty)
        }
    }
}
