// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Testing

/// An encoder prepares what is constant for a port; its lines must be those of a new encoder for each.
@Suite struct RecordEncoderTests {
    private static let formats: [any RecordFormat] = [
        AWSTextFormat.default, AWSTextFormat(fields: AWSField.allCases), JSONLinesFormat(),
    ]

    private static func port(_ number: UInt16, _ name: String) -> Port {
        Port(
            number: PortNumber(number), name: name, role: .guest,
            identity: PortIdentity(accountID: "account of \(name)", vpcID: "vpc-\(name)"))
    }

    private static func lines(_ entries: [LogEntry], _ format: any RecordFormat) -> [UInt8] {
        var bytes: [UInt8] = []
        var encoder = format.makeEncoder()
        for entry in entries { encoder.append(entry, to: &bytes) }
        return bytes
    }

    private static func check(_ entries: [LogEntry], _ format: any RecordFormat) {
        var expected: [UInt8] = []
        for entry in entries { format.append(entry, to: &expected) }
        #expect(String(decoding: lines(entries, format), as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test(arguments: 0..<formats.count)
    func `Lines of ports that take turns keep their ports' names`(format: Int) {
        let ports = [port("a", 3), port("b", 1), port("c", 4095), port("d", 2)]
        let entries = (0..<40).map { index in
            LogEntry.flow(Entries.flow("192.0.2.1", UInt16(index), "2001:db8::1", 2, port: ports[index * 7 % 4]))
        }
        Self.check(entries, Self.formats[format])
    }

    private func port(_ name: String, _ number: UInt16) -> Port { Self.port(number, name) }

    @Test(arguments: 0..<formats.count)
    func `A port whose number another had is written with its own names`(format: Int) {
        let entries = (0..<20).map { index in
            LogEntry.flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 2, port: Self.port(5, "port-\(index / 3)")))
        }
        Self.check(entries, Self.formats[format])
    }

    @Test func `Names that change without end do not stay in memory`() {
        // 10 MB of names, one port after the other under the same number.
        var bytes: [UInt8] = []
        var encoder = JSONLinesFormat().makeEncoder()
        for index in 0..<1_000 {
            let name = String(repeating: "n", count: 10_000) + "\(index)"
            let port = Port(number: PortNumber(5), name: name, role: .guest, identity: PortIdentity())
            bytes.removeAll(keepingCapacity: true)
            encoder.append(Entries.flow("192.0.2.1", 1, "192.0.2.2", 2, port: port), to: &bytes)
            #expect(bytes.count > 20_000 && bytes.count < 21_000)
        }
    }
}
