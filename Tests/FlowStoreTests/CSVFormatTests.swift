// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowTestKit
import Foundation
import Testing

/// Lines as another reader reads them: Python's `csv` module.
@Suite struct CSVFormatTests {
    /// Each line as a dictionary; what is empty is left out.
    private func rows(_ entries: [LogEntry]) throws -> [[String: String]] {
        let file = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text(entries).utf8).write(to: file)
        let script = """
            import csv, json, sys
            rows = list(csv.DictReader(open(sys.argv[1], newline=""), strict=True))
            assert all(None not in row and None not in row.values() for row in rows), "lines of other lengths"
            print(json.dumps([{k: v for k, v in row.items() if v} for row in rows]))
            """
        let printed = try ChildProcess.run(["python3", "-c", script, file.path])
        return try JSONDecoder().decode([[String: String]].self, from: Data(printed.utf8))
    }

    private let window = Window(
        number: 1, start: UnixTime(seconds: 1_700_000_000), end: UnixTime(seconds: 1_700_000_060))

    private func port(vpc: String? = nil) -> FlowModel.Port {
        FlowModel.Port(
            number: PortNumber(7), name: "tap7", role: .guest,
            identity: PortIdentity(accountID: "123456789010", interfaceID: "eni-1235b8ca123456789", vpcID: vpc))
    }

    private func text(_ entries: [LogEntry]) -> String {
        var bytes: [UInt8] = []
        CSVFormat().appendHeader(to: &bytes)
        var encoder = CSVFormat().makeEncoder()
        for entry in entries { encoder.append(entry, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: ["plain", "a,b", "quo\"te\"", "\"", ",", "zürich 🧱", " blanks ", "=1+1"])
    func `a name comes back as it was`(name: String) throws {
        let entry = LogEntry.noData(port: port(vpc: name), window: window)
        #expect(try rows([entry]).first?["vpc_id"] == name)
    }

    @Test func `a line is one line, and cannot speak to the terminal`() throws {
        let entry = LogEntry.noData(port: port(vpc: "a\nb\r\u{1B}[2J\u{9B}"), window: window)
        #expect(text([entry]).split(separator: "\n").count == 2)
        #expect(try rows([entry]).first?["vpc_id"] == "a\\x0ab\\x0d\\x1b[2J\\u{9b}")
    }

    @Test func `a name that is empty is not one that is not known`() {
        let empty = LogEntry.noData(port: port(vpc: ""), window: window)
        #expect(text([empty]).contains(",NODATA,\"\",,,"))
    }

    @Test func `a flow has its values under their names`() throws {
        let key = FlowKey(
            port: PortNumber(7), direction: .ingress, transport: 6, source: "192.0.2.1", destination: "2001:db8::1",
            sourcePort: 40_000, destinationPort: 443)
        var record = FlowRecord(
            port: port(), window: window, key: key, count: PacketCount(packets: 20, octets: 4249),
            first: UnixTime(seconds: 1_418_530_010), last: UnixTime(seconds: 1_418_530_070), tcpFlags: 3,
            verdict: .reject(.policy, reason: .policy, rule: RuleName("no, \"web\"")))
        record.tcpControlBits = 27
        record.dscp = 46
        record.observedAt = FlowModel.Port(number: PortNumber(9), name: "up,link", role: .uplink)
        let row = try #require(try rows([.flow(record)]).first)
        let expected = [
            "version": "8", "account_id": "123456789010", "interface_id": "eni-1235b8ca123456789", "srcport": "40000",
            "dstport": "443", "protocol": "6", "packets": "20", "bytes": "4249", "start": "1418530010",
            "end": "1418530070",
            "action": "REJECT", "log_status": "OK", "tcp_flags": "3", "tcp_control_bits": "27", "dscp": "46",
            "rule": "no, \"web\"", "verdict_source": "policy", "reject_reason": "policy", "observed_at": "up,link",
            "port": "tap7", "first_ms": "1418530010000", "last_ms": "1418530070000", "window_start": "1700000000",
            "window_end": "1700000060",
        ]
        for (name, value) in expected { #expect(row[name] == value, "\(name)") }
        #expect(row["mixed_verdicts"] == nil && row["overflow_packets"] == nil)
    }
}
