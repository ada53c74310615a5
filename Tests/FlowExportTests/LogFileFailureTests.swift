// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// Needs root, to mount file systems of its own.
@Suite(.enabled(if: KernelAccess.isExpected)) struct LogFileFailureTests {
    @Test func `A full file system keeps records waiting, and the file whole`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "64k")
        let sink = try LogFileSink(configuration: configuration(directory))
        let first = records(100, in: window(examplePeriod))
        try sink.write(first, of: window(examplePeriod))
        try fill(directory)
        let second = records(2_000, in: window(examplePeriod + 60))
        #expect(throws: ExportError.self) { try sink.write(second, of: window(examplePeriod + 60)) }
        #expect(sink.counts.recordsWritten == 100 && sink.backlogSize > 0)
        let partial = try #require(directory.files().first { $0.contains(".partial") })
        #expect(
            try Command.run("sh", "-c", "zcat < '\(directory.url.appending(path: partial).path)'") == text(of: first))
        try Command.run("mount", "-o", "remount,size=16m", directory.url.path)
        try sink.publishDue(now: UnixTime(seconds: examplePeriod + 120))
        #expect(sink.counts.recordsWritten == 2_100 && sink.backlogSize == 0)
        try sink.close()
        let file = try #require(directory.published().first { $0.hasPrefix("AWSLogs") })
        #expect(try directory.text(of: file) == text(of: first + second))
        #expect(sink.counts.recordsGivenUp == 0)
    }

    @Test func `The error says what failed, where, why, and what to do`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "64k")
        let sink = try LogFileSink(configuration: configuration(directory))
        try fill(directory)
        let window = window(examplePeriod)
        let error = #expect(throws: ExportError.self) { try sink.write(records(1, in: window), of: window) }
        let sentence = try #require(error).description
        #expect(sentence.hasPrefix("cannot write to the log file \(directory.path)/AWSLogs/123456789012/"))
        #expect(
            sentence.hasSuffix(
                ": no space left on device; free some space there, or choose another log directory"))
    }

    @Test func `What exceeds the limit of waiting records is given up oldest first, and counted exactly`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "64k")
        let sink = try LogFileSink(configuration: configuration(directory) { $0.backlogLimit = 8_000 })
        try fill(directory)
        let windows = (0..<4).map { window(examplePeriod + $0 * 60) }
        let entries = windows.map { records(50, in: $0) }
        for index in windows.indices {
            #expect(throws: ExportError.self) { try sink.write(entries[index], of: windows[index]) }
            #expect(sink.backlogSize <= 8_000)
        }
        let lost = sink.counts.recordsGivenUp
        #expect(lost > 0)
        #expect(sink.counts.givenUp == PacketCount(packets: lost * 10, octets: lost * 1000))
        try Command.run("mount", "-o", "remount,size=16m", directory.url.path)
        try sink.close()
        #expect(sink.counts.recordsWritten == 200 - lost && sink.counts.recordsGivenUp == lost)
        let file = try #require(directory.published().first { $0.hasPrefix("AWSLogs") })
        #expect(try directory.text(of: file) == text(of: Array(entries.flatMap { $0 }.dropFirst(Int(lost)))))
    }

    @Test func `Closing where nothing can be written gives up what waits`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "64k")
        let sink = try LogFileSink(configuration: configuration(directory))
        try fill(directory)
        let skipped = LogEntry.skipData(
            port: port(), window: window(examplePeriod), overflow: PacketCount(packets: 5, octets: 500))
        #expect(throws: ExportError.self) {
            try sink.write([record(1, in: window(examplePeriod)), skipped], of: window(examplePeriod))
        }
        #expect(throws: ExportError.self) { try sink.close() }
        #expect(sink.counts.recordsGivenUp == 2)
        #expect(sink.counts.givenUp == PacketCount(packets: 15, octets: 1500))
        #expect(sink.backlogSize == 0 && sink.oldestUnpublishedWindow == nil)
    }

    @Test func `A folder that somebody removed is made anew, and nothing is lost`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogFileSink(configuration: configuration(directory))
        let windows = [window(examplePeriod), window(examplePeriod + 180), window(examplePeriod + 240)]
        let entries = windows.map { records(500, in: $0) }
        try sink.write(entries[0], of: windows[0])
        try FileManager.default.removeItem(at: directory.url)
        try sink.write(entries[1], of: windows[1])
        try FileManager.default.removeItem(at: directory.url.appending(path: "AWSLogs"))
        try sink.write(entries[2], of: windows[2])
        #expect(directory.files().count == 1)
        let file = try #require(directory.published().first)
        #expect(try directory.text(of: file) == text(of: entries.flatMap { $0 }))
    }

    @Test func `A folder removed before the file is published is made anew`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogFileSink(configuration: configuration(directory))
        let entries = records(500, in: window(examplePeriod))
        try sink.write(entries, of: window(examplePeriod))
        try FileManager.default.removeItem(at: directory.url.appending(path: "AWSLogs"))
        try sink.close()
        let file = try #require(directory.published().first)
        #expect(try directory.text(of: file) == text(of: entries))
    }

    @Test func `A file system that turns read-only keeps records waiting`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "1m")
        let sink = try LogFileSink(configuration: configuration(directory))
        let window = window(examplePeriod + 240)
        let entries = records(10, in: window)
        try Command.run("mount", "-o", "remount,ro", directory.url.path)
        let error = #expect(throws: ExportError.self) { try sink.write(entries, of: window) }
        #expect(error?.reason == .readOnlyFileSystem)
        try Command.run("mount", "-o", "remount,rw", directory.url.path)
        try sink.publishDue(now: window.end.advanced(by: .seconds(60)))
        #expect(try directory.text(of: try #require(directory.published().first)) == text(of: entries))
    }

    @Test func `One owner's trouble does not hold up another's records`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogFileSink(configuration: configuration(directory))
        try FileManager.default.createDirectory(
            at: directory.url.appending(path: "AWSLogs"), withIntermediateDirectories: true)
        try Data().write(to: directory.url.appending(path: "AWSLogs/blocked"))
        let window = window(examplePeriod + 240)
        let entries = records(3, in: window)
        let error = #expect(throws: ExportError.self) {
            try sink.write(records(2, in: window, port: port(account: "blocked")) + entries, of: window)
        }
        #expect(error?.reason == .notDirectory)
        #expect(sink.counts.recordsWritten == 3 && sink.counts.filesPublished == 1)
        let file = try #require(directory.published().first { $0.hasSuffix(".gz") })
        #expect(try directory.text(of: file) == text(of: entries))
    }

    @Test func `A directory that cannot be written is refused at once`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "1m")
        try Command.run("mount", "-o", "remount,ro", directory.url.path)
        let error = #expect(throws: ExportError.self) { _ = try LogFileSink(configuration: configuration(directory)) }
        #expect(
            error?.description == """
                cannot write log files to \(directory.path): read-only file system; mount the file system writable, or \
                choose another log directory
                """)
    }

    @Test func `A file where the directory should be is refused at once`() throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: directory.url.appending(path: "logs"))
        let error = #expect(throws: ExportError.self) {
            _ = try LogFileSink(
                configuration: configuration(directory) { $0.directory = $0.directory.appending("logs") })
        }
        #expect(error?.reason == .notDirectory)
    }

    /// Takes all the space that is left.
    private func fill(_ directory: TemporaryDirectory) throws {
        _ = try? Command.run("sh", "-c", "cat /dev/zero > '\(directory.url.path)/ballast' 2>/dev/null")
    }
}
