// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats
import FlowModel
import FlowStore
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// What files hold is read by other people's readers in `ReaderTests` of the command.
@Suite(.enabled(if: KernelAccess.isExpected)) struct ParquetFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func sink(
        _ directory: TemporaryDirectory, _ change: (inout LogFileConfiguration) -> Void = { _ in }
    ) throws -> LogFileSink {
        try LogFileSink(
            configuration: configuration(directory) {
                $0.content = .parquet(ParquetFields.all)
                $0.fileExtension = "log.parquet"
                change(&$0)
            })
    }

    private func footer(_ file: String, in directory: TemporaryDirectory) throws -> ParquetFooter {
        let bytes = [UInt8](try Data(contentsOf: directory.url.appending(path: file)))
        #expect(bytes.prefix(4) == Array("PAR1".utf8)[...])
        let end = bytes.count - ParquetFooter.tail
        let length = try ParquetFooter.length(bytes[end...])
        return try ParquetFooter(bytes[(end - length)..<end])
    }

    /// Rows and packets of all published files.
    private func sums(_ directory: TemporaryDirectory) throws -> [Int] {
        try directory.published().reduce(into: [0, 0]) { sums, file in
            let footer = try footer(file, in: directory)
            #expect(footer.metadata["weir.sum.rows"] == "\(footer.rows)")
            sums[0] += footer.rows
            sums[1] += footer.metadata["weir.sum.other_packets"].flatMap { Int($0) } ?? 0
        }
    }

    @Test(arguments: [
        (LogFileConfiguration.Layout.plain, false, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/"),
        (
            .hive, true,
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/hour=16/"
        ),
    ])
    func `A file has AWS's name and folder, and its period's windows`(
        layout: LogFileConfiguration.Layout, isHourly: Bool, folder: String
    ) throws {
        let sink = try sink(directory) {
            $0.layout = layout
            $0.isHourly = isHourly
        }
        for index in 0..<5 as Range<Int64> {
            let window = window(examplePeriod + index * 60)
            #expect(directory.published().isEmpty)
            try sink.write(records(100, in: window) + [.noData(port: port(), window: window)], of: window)
        }
        let file = try #require(directory.published().first)
        let name = "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_"
        #expect(file.hasPrefix(folder + name) && file.wholeMatch(of: /.*Z_[0-9a-f]{8}\.log\.parquet/) != nil)
        #expect(directory.files() == [file] && sink.acknowledged == 5)
        let footer = try footer(file, in: directory)
        #expect(footer.createdBy == "weir")
        #expect(footer.columns == ParquetFields.all.map(\.column))
        #expect(try sums(directory) == [505, 5000])
        #expect(sink.counts.files == 1 && sink.counts.records == 505)
        let path = directory.url.appending(path: file)
        #expect(try Data(contentsOf: path).count == Int(sink.counts.bytes))
    }

    @Test func `Columns are those that were chosen, in their order`() throws {
        let columns = try ParquetFields.columns(from: "${dstaddr} ecs-cluster-arn, encryption_status version rule")
        let sink = try sink(directory) { $0.content = .parquet(columns) }
        try sink.write(records(3, in: window(examplePeriod)), of: window(examplePeriod))
        try sink.close()
        let footer = try footer(try #require(directory.published().first), in: directory)
        #expect(footer.columns.map(\.name) == ["dstaddr", "ecs_cluster_arn", "encryption_status", "version", "rule"])
        #expect(footer.columns.map(\.kind) == [.string, .string, .int32, .int32, .string])
        #expect(footer.rows == 3)
    }

    @Test(arguments: [
        (
            "vlan-ids",
            #""vlan-ids" is neither a field of AWS flow logs nor a column of Weir's: did you mean "vlan_id"?"#
        ),
        (
            "xyzzyxyzzy",
            #""xyzzyxyzzy" is neither a field of AWS flow logs nor a column of Weir's; docs/store.md has their names"#
        ),
        ("tcp-flags tcp_flags", #"the column "tcp_flags" is named twice: leave one of them out"#),
        (" , ", #"the list of columns is empty: name at least one, for example "srcaddr dstaddr bytes""#),
    ])
    func `What is wrong with a list of columns is said`(text: String, sentence: String) {
        let error = #expect(throws: ParquetFieldError.self) { try ParquetFields.columns(from: text) }
        #expect(error?.description == sentence)
    }

    @Test func `Files are closed early before they outgrow the limit`() throws {
        let sink = try sink(directory) { $0.sizeLimit = 300_000 }
        for index in 0..<3 as Range<Int64> {
            let window = window(examplePeriod + 60 * index)
            try sink.write(records(20_001, in: window), of: window)
        }
        try sink.close()
        let files = directory.published()
        #expect(files.count >= 2 && UInt64(files.count) == sink.counts.files && Set(files).count == files.count)
        for file in files {
            #expect(try Data(contentsOf: directory.url.appending(path: file)).count <= 300_000)
        }
        #expect(try sums(directory) == [60_003, 600_030])
    }

    /// Row groups of 4,687 rows: what is abandoned was in files already, with rows of the windows before.
    @Test(arguments: [1, 2_000, 4_600, 30_000])
    func `A window that is abandoned is in no file, and those before it are`(count: Int) throws {
        let sink = try sink(directory) { $0.sizeLimit = 300_000 }
        let windows = (0..<3).map { window(examplePeriod + 60 * $0) }
        let others = records(7, in: windows[0], port: port(account: "222222222222"))
        try sink.write(records(count, in: windows[0]) + others, of: windows[0])
        for _ in 0..<3 {
            try sink.begin(stored(windows[1], 2))
            for entry in records(9_000, in: windows[1]) { sink.append(entry) }
            sink.abandon()
            #expect(sink.taken == 1)
        }
        try sink.write(records(10, in: windows[1]), of: windows[1])
        try sink.write(records(5_000, in: windows[2]), of: windows[2])
        try sink.close()
        #expect(try sums(directory) == [count + 5_017, 10 * (count + 5_017)])
        #expect(sink.acknowledged == 3 && directory.staged().isEmpty)
    }

    @Test func `A window that does not fit leaves files as they were, and fits when there is room`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "256k")
        let sink = try sink(directory) { $0.sizeLimit = 1_000_000 }
        try sink.write(records(7_000, in: window(examplePeriod)), of: window(examplePeriod))
        let second = records(60_000, in: window(examplePeriod + 60))
        for _ in 0..<3 {
            let error = #expect(throws: ExportError.self) {
                try sink.write(second, of: window(examplePeriod + 60))
                try sink.close()
            }
            #expect(error?.reason == .noSpace && sink.counts.records == 7_000 && sink.taken == 1)
        }
        try Command.run("mount", "-o", "remount,size=16m", directory.url.path)
        try sink.write(second, of: window(examplePeriod + 60))
        try sink.close()
        #expect(try sums(directory) == [67_000, 670_000])
    }

    /// Nothing of the windows is in a file before it is published.
    @Test func `What does not fit when it is published is published when there is room`() throws {
        let directory = try TemporaryDirectory(fileSystemSize: "64k")
        let sink = try sink(directory)
        _ = try? Command.run("sh", "-c", "cat /dev/zero > '\(directory.url.path)/ballast' 2>/dev/null")
        let windows = [window(examplePeriod), window(examplePeriod + 300)]
        try sink.write(records(2_000, in: windows[0]), of: windows[0])
        for _ in 0..<3 {
            let error = #expect(throws: ExportError.self) { try sink.begin(stored(windows[1], 2)) }
            #expect(error?.reason == .noSpace && sink.taken == 1 && sink.acknowledged == 0)
            #expect(throws: ExportError.self) { try sink.tend(now: UnixTime(seconds: examplePeriod + 400)) }
        }
        #expect(directory.published().isEmpty)
        try Command.run("mount", "-o", "remount,size=16m", directory.url.path)
        try sink.write(records(10, in: windows[1]), of: windows[1])
        #expect(try sums(directory) == [2_000, 20_000] && sink.acknowledged == 1)
        try sink.close()
        #expect(try sums(directory) == [2_010, 20_100] && sink.acknowledged == 2)
    }

    @Test func `windows whose files another process removed are to be handed over again`() throws {
        let sink = try sink(directory) { $0.sizeLimit = 300_000 }
        let windows = [window(examplePeriod), window(examplePeriod + 240)]
        try sink.write(records(9_000, in: windows[0]), of: windows[0])
        try FileManager.default.removeItem(at: directory.url)
        #expect(throws: ExportError.self) { try sink.begin(stored(windows[1], 2)) }
        #expect(sink.taken == 0)
        for window in windows { try sink.write(records(9_000, in: window), of: window) }
        #expect(try sums(directory) == [18_000, 180_000] && sink.acknowledged == 2)
    }

    /// More owners than have a row group of their own in memory: each has to give up its rows before the window is over.
    @Test func `Many owners have a file each`() throws {
        let sink = try sink(directory) { $0.sizeLimit = 2 << 20 }
        let window = window(examplePeriod)
        let ports = (0..<40).map { index in
            Port(
                number: PortNumber(UInt16(1 + index)), name: "tap\(index)", role: .guest,
                identity: PortIdentity(accountID: "\(index)", interfaceID: "eni-\(index)", region: "us-east-1"))
        }
        try sink.write((0..<44_000).map { record(UInt16($0), in: window, port: ports[$0 % 40]) }, of: window)
        try sink.close()
        #expect(directory.published().count == 40)
        #expect(try directory.published().allSatisfy { try footer($0, in: directory).rows == 1_100 })
    }
}
