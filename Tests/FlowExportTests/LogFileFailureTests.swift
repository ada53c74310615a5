// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// Needs root, to mount file systems of its own.
@Suite(.enabled(if: KernelAccess.isExpected)) struct LogFileFailureTests {
    @Test func `A window that does not fit leaves the file as it was, and fits when there is room`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "64k")
        let sink = try LogFileSink(configuration: configuration(directory))
        let first = records(100, in: window(examplePeriod))
        try sink.write(first, of: window(examplePeriod))
        try fill(directory)
        let second = records(2_000, in: window(examplePeriod + 60))
        for _ in 0..<3 {
            #expect(throws: ExportError.self) { try sink.write(second, of: window(examplePeriod + 60)) }
            #expect(sink.counts.records == 100)
            let staged = try #require(directory.staged().first)
            #expect(try directory.unpacked(staged) == text(of: first))
        }
        try Command.run("mount", "-o", "remount,size=16m", directory.url.path)
        try sink.write(second, of: window(examplePeriod + 60))
        #expect(sink.counts.records == 2_100)
        try sink.close()
        let file = try #require(directory.published().first)
        #expect(try directory.text(of: file) == text(of: first + second))
        #expect(try Data(contentsOf: directory.url.appending(path: file)).count == Int(sink.counts.bytes))
    }

    @Test func `A window that does not fit takes the files back that were made for it`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "256k")
        let sink = try LogFileSink(configuration: configuration(directory) { $0.sizeLimit = 50_000 })
        let first = records(100, in: window(examplePeriod))
        try sink.write(first, of: window(examplePeriod))
        let second = records(60_000, in: window(examplePeriod + 60))
        #expect(throws: ExportError.self) { try sink.write(second, of: window(examplePeriod + 60)) }
        #expect(directory.staged().count == 1 && directory.published().isEmpty)
        try sink.close()
        #expect(directory.published().count == 1 && directory.staged().isEmpty)
        #expect(try directory.text(of: directory.published()[0]) == text(of: first))
    }

    @Test func `The error says what failed, where, why, and what to do`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "64k")
        let sink = try LogFileSink(configuration: configuration(directory))
        try fill(directory)
        let window = window(examplePeriod)
        let error = #expect(throws: ExportError.self) { try sink.write(records(1, in: window), of: window) }
        let sentence = try #require(error).description
        #expect(sentence.hasPrefix("cannot write to the log file \(directory.path)/.weir-test/123456789012_"))
        #expect(
            sentence.hasSuffix(
                ": no space left on device; free some space there, or choose another log directory"))
    }

    @Test func `windows whose files another process removed are to be handed over again`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogFileSink(configuration: configuration(directory))
        let windows = [window(examplePeriod), window(examplePeriod + 180), window(examplePeriod + 240)]
        let entries = windows.map { records(500, in: $0) }
        try sink.write(entries[0], of: windows[0])
        try FileManager.default.removeItem(at: directory.url)
        // Not before the one that is lost.
        #expect(throws: ExportError.self) { try sink.begin(stored(windows[1], 2)) }
        #expect(sink.taken == 0)
        for (window, entries) in zip(windows, entries) { try sink.write(entries, of: window) }
        let file = try #require(directory.published().first)
        #expect(try directory.text(of: file) == text(of: entries[0] + entries[1] + entries[2]))
        #expect(sink.acknowledged == 3)
    }

    @Test func `files that another process removed before they are published acknowledge nothing`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogFileSink(configuration: configuration(directory))
        try sink.write(records(500, in: window(examplePeriod)), of: window(examplePeriod))
        #expect(sink.taken == 1)
        try FileManager.default.removeItem(at: directory.url)
        try sink.close()
        #expect(sink.taken == 0 && sink.acknowledged == 0)
    }

    @Test func `A file system that turns read-only takes no window until it is writable`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "1m")
        let sink = try LogFileSink(configuration: configuration(directory))
        let window = window(examplePeriod + 240)
        let entries = records(10, in: window)
        try Command.run("mount", "-o", "remount,ro", directory.url.path)
        let error = #expect(throws: ExportError.self) { try sink.write(entries, of: window) }
        #expect(error?.reason == .readOnlyFileSystem)
        try Command.run("mount", "-o", "remount,rw", directory.url.path)
        try sink.write(entries, of: window)
        #expect(try directory.text(of: try #require(directory.published().first)) == text(of: entries))
    }

    @Test func `One owner's trouble does not hold up another's records, and is over when its cause is`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogFileSink(configuration: configuration(directory))
        let blocked = directory.url.appending(path: "AWSLogs/blocked")
        try FileManager.default.createDirectory(
            at: directory.url.appending(path: "AWSLogs"), withIntermediateDirectories: true)
        try Data().write(to: blocked)
        let window = window(examplePeriod + 240)
        let entries = records(3, in: window)
        let held = records(2, in: window, port: port(account: "blocked"))
        try sink.write(held + entries, of: window)
        let error = #expect(throws: ExportError.self) { try sink.tend(now: window.end) }
        #expect(error?.reason == .notDirectory && sink.taken == 1 && sink.acknowledged == 0)
        #expect(sink.counts.records == 5 && sink.counts.files == 1)
        let file = try #require(directory.published().first { $0.hasSuffix(".gz") })
        #expect(try directory.text(of: file) == text(of: entries))
        #expect(throws: ExportError.self) { try sink.tend(now: window.end) }
        try FileManager.default.removeItem(at: blocked)
        try sink.tend(now: window.end)
        let late = try #require(directory.published().first { $0.contains("/blocked/") })
        #expect(try directory.text(of: late) == text(of: held) && directory.staged().isEmpty)
        #expect(sink.counts.files == 2)
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
