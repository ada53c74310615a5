// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import Testing

@Suite(.enabled(if: KernelAccess.isExpected)) struct LogFileRotationTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `A window of a later period publishes the earlier file first`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        let early = records(2, in: window(examplePeriod + 120))
        let late = records(3, in: window(examplePeriod + 300))
        try sink.write(early, of: window(examplePeriod + 120))
        #expect(directory.published().isEmpty && directory.staged().count == 1)
        #expect(sink.taken == 1 && sink.acknowledged == 0)
        try sink.write(late, of: window(examplePeriod + 300))
        #expect(directory.published().count == 1 && directory.staged().count == 1)
        #expect(sink.taken == 2 && sink.acknowledged == 1)
        #expect(try directory.text(of: directory.published()[0]) == text(of: early))
        try sink.close()
        #expect(directory.published().map { $0.contains("T1620Z_") } == [true, false])
        #expect(try directory.text(of: directory.published()[1]) == text(of: late))
        #expect(sink.acknowledged == 2 && directory.staged().isEmpty)
    }

    @Test func `Without windows a file is published one window length after its period`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        try sink.write(records(2, in: window(examplePeriod)), of: window(examplePeriod))
        try sink.tend(now: UnixTime(seconds: examplePeriod + 359))
        #expect(directory.published().isEmpty)
        try sink.tend(now: UnixTime(seconds: examplePeriod + 360))
        #expect(directory.published().count == 1 && sink.counts.files == 1)
        try sink.tend(now: UnixTime(seconds: examplePeriod + 900))
        #expect(directory.files().count == 1)
    }

    @Test func `A window longer than the publish period is the period`() throws {
        let sink = try LogFileSink(configuration: configuration(directory) { $0.windowLength = .seconds(600) })
        let long = window(examplePeriod - 1200, length: 600)
        try sink.write(records(2, in: long), of: long)
        #expect(directory.published().count == 1)
        #expect(directory.published()[0].contains("_20180620T1600Z_"))
    }

    @Test func `An early swap leaves the file open, the rest of the window goes into it`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        let part = window(examplePeriod + 240, length: 17)
        let rest = window(examplePeriod + 257, length: 43)
        let entries = [record(1, in: part), record(2, in: rest)]
        try sink.write([entries[0]], of: part)
        #expect(directory.published().isEmpty)
        try sink.write([entries[1]], of: rest)
        #expect(try directory.text(of: try #require(directory.published().first)) == text(of: entries))
    }

    @Test func `A file is published early before it outgrows the limit, and its follower has the same period`() throws {
        let sink = try LogFileSink(configuration: configuration(directory) { $0.sizeLimit = 300_000 })
        let window = window(examplePeriod)
        let entries = records(60_000, in: window)
        try sink.write(entries, of: window)
        try sink.close()
        let files = directory.published()
        #expect(files.count >= 2 && UInt64(files.count) == sink.counts.files)
        #expect(Set(files).count == files.count && files.allSatisfy { $0.contains("_20180620T1620Z_") })
        var lines: [Substring] = []
        for file in files {
            let size = try Data(contentsOf: directory.url.appending(path: file)).count
            #expect(size <= 300_000)
            let text = try directory.text(of: file)
            #expect(text.hasPrefix(header))
            lines += text.split(separator: "\n").dropFirst()
        }
        #expect(lines.sorted() == text(of: entries).split(separator: "\n").dropFirst().sorted())
    }

    @Test func `A stepped clock that goes back publishes the later file and begins anew`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        try sink.write(records(1, in: window(examplePeriod + 300)), of: window(examplePeriod + 300))
        try sink.write(records(2, in: window(examplePeriod)), of: window(examplePeriod))
        #expect(directory.published().map { $0.contains("T1625Z_") } == [true])
        try sink.close()
        #expect(directory.published().count == 2 && sink.counts.records == 3)
    }

    @Test func `A window without entries makes no file`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        try sink.write([], of: window(examplePeriod))
        try sink.close()
        #expect(directory.files().isEmpty && sink.counts.files == 0 && sink.counts.records == 0)
        #expect(sink.acknowledged == 1)
    }
}
