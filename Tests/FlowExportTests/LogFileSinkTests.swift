// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats
import FlowModel
import FlowTestKit
import Foundation
import Testing

@Suite(.enabled(if: KernelAccess.isExpected)) struct LogFileSinkTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `A file of AWS's example period has AWS's example name but for the hash`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        let last = window(examplePeriod + 240)
        try sink.write([record(1, in: last)], of: last)
        let file = try #require(directory.published().first)
        let folder = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/"
        #expect(file.hasPrefix(folder + "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_"))
        #expect(file.wholeMatch(of: /.*Z_[0-9a-f]{8}\.log\.gz/) != nil)
        #expect(directory.files() == [file])
    }

    @Test func `A file holds its period's windows after one header, for gzip and for Python alike`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        var written: [LogEntry] = []
        for index in 0..<5 as Range<Int64> {
            let window = window(examplePeriod + index * 60)
            let entries = records(100, in: window) + [.noData(port: port(), window: window)]
            #expect(directory.published().isEmpty)
            try sink.write(entries, of: window)
            written += entries
        }
        let file = try #require(directory.published().first)
        #expect(try directory.text(of: file) == text(of: written))
        let python = "import gzip,sys; sys.stdout.write(gzip.open(sys.argv[1],'rt').read())"
        let path = directory.url.appending(path: file).path
        #expect(try Command.run("python3", "-c", python, path) == text(of: written))
        #expect(sink.counts.files == 1 && sink.counts.records == 505)
        #expect(try Data(contentsOf: URL(filePath: path)).count == Int(sink.counts.bytes))
    }

    @Test func `Files are for the owner and the group, folders too`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        try sink.write(records(1, in: window(examplePeriod)), of: window(examplePeriod))
        try sink.close()
        let file = try #require(directory.published().first)
        #expect(try Command.run("stat", "-c", "%a", directory.url.appending(path: file).path) == "640\n")
        #expect(try Command.run("stat", "-c", "%a", directory.url.appending(path: "AWSLogs").path) == "750\n")
    }

    @Test(arguments: [
        (LogFileConfiguration.Layout.plain, false, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/"),
        (.plain, true, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/16/"),
        (
            .hive, false,
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/"
        ),
        (
            .hive, true,
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/hour=16/"
        ),
    ])
    func `Folders are AWS's`(layout: LogFileConfiguration.Layout, isHourly: Bool, folder: String) throws {
        let sink = try LogFileSink(
            configuration: configuration(directory) {
                $0.layout = layout
                $0.isHourly = isHourly
                $0.fileExtension = "json.gz"
            })
        try sink.write(records(1, in: window(examplePeriod)), of: window(examplePeriod))
        try sink.close()
        let file = try #require(directory.published().first)
        #expect(file.hasPrefix(folder + "123456789012_") && file.hasSuffix(".json.gz"))
        #expect(file.dropFirst(folder.count).contains("/") == false)
    }

    @Test func `Two accounts have a file each, and an unknown owner one of its own`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        let window = window(examplePeriod)
        let first = records(3, in: window, port: port(account: "111111111111"))
        let second = records(2, in: window, port: port(account: "222222222222"))
        let unknown = records(1, in: window, port: port(account: nil, region: nil))
        try sink.write([first[0], second[0], unknown[0], first[1], second[1], first[2]], of: window)
        try sink.close()
        let files = directory.published()
        #expect(files.count == 3)
        #expect(try directory.text(of: files[0]) == text(of: first))
        #expect(try directory.text(of: files[1]) == text(of: second))
        #expect(try directory.text(of: files[2]) == text(of: unknown))
        #expect(files[2].hasPrefix("AWSLogs/unknown/vpcflowlogs/local/2018/06/20/unknown_vpcflowlogs_local_fl-"))
    }

    @Test func `Ports that take turns in files of many batches keep their lines in order`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        let window = window(examplePeriod)
        let ports = ["111111111111", "222222222222", "222222222222"].enumerated().map { index, account in
            Port(
                number: PortNumber(UInt16(1 + index)), name: "tap\(index)", role: .guest,
                identity: PortIdentity(accountID: account, interfaceID: "eni-\(index)", region: "us-east-1"))
        }
        // Some 90 bytes each, 256 KiB a batch.
        let entries = (0..<12_000).map { record(UInt16($0), in: window, port: ports[$0 % 3]) }
        try sink.write(entries, of: window)
        try sink.close()
        let files = directory.published()
        #expect(files.count == 2 && sink.counts.records == 12_000)
        #expect(try directory.text(of: files[0]) == text(of: entries.filter { $0.port === ports[0] }))
        #expect(try directory.text(of: files[1]) == text(of: entries.filter { $0.port !== ports[0] }))
    }

    @Test func `An owner's name cannot leave the directory`() throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        let window = window(examplePeriod)
        try sink.write(records(1, in: window, port: port(account: "../../a/b", region: "..")), of: window)
        try sink.close()
        let file = try #require(directory.published().first)
        #expect(file.hasPrefix("AWSLogs/___.._a_b/vpcflowlogs/__/2018/06/20/___.._a_b_vpcflowlogs____fl-1234abcd_"))
    }

    @Test func `JSON lines have no header`() throws {
        let sink = try LogFileSink(configuration: configuration(directory) { $0.content = .lines(JSONLinesFormat()) })
        try sink.write([.noData(port: port(), window: window(examplePeriod))], of: window(examplePeriod))
        try sink.close()
        let text = try directory.text(of: try #require(directory.published().first))
        #expect(text.hasPrefix("{\"version\":8,") && text.hasSuffix("}\n"))
    }

    /// Expected names from `date -u`.
    @Test(arguments: [
        (0, "19700101T0000Z"), (68_169_300, "19720228T2355Z"), (951_782_400, "20000229T0000Z"),
        (951_868_800, "20000301T0000Z"), (1_709_251_199, "20240229T2355Z"), (1_735_689_599, "20241231T2355Z"),
        (1_735_689_600, "20250101T0000Z"), (4_107_542_400, "21000301T0000Z"),
    ])
    func `The name has the UTC time of the period's start`(second: Int64, expected: String) throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        let window = window(second, length: 1)
        try sink.write(records(1, in: window), of: window)
        try sink.close()
        #expect(try #require(directory.published().first).contains("_\(expected)_"))
    }
}
