// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats
import FlowModel
import FlowStore

/// 2018-06-20 16:20:00 UTC, the period of AWS's example of a file's name.
let examplePeriod: Int64 = 1_529_511_600

let header = """
    version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status

    """

func window(_ start: Int64, length: Int64 = 60) -> Window {
    Window(number: 1, start: UnixTime(seconds: start), end: UnixTime(seconds: start + length))
}

func port(account: String? = "123456789012", region: String? = "us-east-1") -> Port {
    Port(
        number: PortNumber(1), name: "tap1", role: .guest,
        identity: PortIdentity(accountID: account, interfaceID: "eni-1", region: region))
}

/// A record with 10 packets of 1000 octets together; the source port tells records apart.
func record(_ sourcePort: UInt16, in window: Window, port: Port = port()) -> LogEntry {
    let key = FlowKey(
        port: port.number, direction: .ingress, transport: 6, source: IPAddress(v4: 0xC000_0201),
        destination: IPAddress(v4: .random(in: 0...(.max))), sourcePort: sourcePort, destinationPort: 443)
    return .flow(
        FlowRecord(
            port: port, window: window, key: key, count: PacketCount(packets: 10, octets: 1000), first: window.start,
            last: window.end.advanced(by: .seconds(-1))))
}

func records(_ count: Int, in window: Window, port: Port = port()) -> [LogEntry] {
    (0..<count).map { record(UInt16($0), in: window, port: port) }
}

/// What the sink must have written, from a format that has tests of its own.
func text(of entries: [LogEntry], header: String = header) -> String {
    var bytes = Array(header.utf8)
    for entry in entries { AWSTextFormat.default.append(entry, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
}

func configuration(
    _ directory: TemporaryDirectory, _ change: (inout LogFileConfiguration) -> Void = { _ in }
) -> LogFileConfiguration {
    var configuration = LogFileConfiguration(
        directory: directory.path, stateDirectory: directory.statePath, stateID: "test",
        content: .lines(AWSTextFormat.default), flowLogID: "fl-1234abcd")
    change(&configuration)
    return configuration
}

/// Numbers of windows, in the order in which they are handed over.
func stored(_ window: Window, _ sequence: UInt64 = 1) -> StoredSegment {
    StoredSegment(window, WindowIdentity(sequence: sequence, nonce: 7))
}

extension LogFileSink {
    /// A sink that has published nothing yet.
    convenience init(configuration: LogFileConfiguration) throws {
        try self.init(configuration: configuration, cursor: 0)
    }

    /// All lines of one window, the next one after those that were taken.
    func write(_ entries: [LogEntry], of window: Window) throws {
        try begin(stored(window, taken + 1))
        for entry in entries { append(entry) }
        try end()
    }

    /// Publishes all that is staged, as at the end of the process.
    func close() throws { try finish() }
}
