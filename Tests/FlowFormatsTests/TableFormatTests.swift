// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Testing

@Suite struct TableFormatTests {
    @Test func `Columns align whatever their widest value is`() {
        var wide = Entries.flow(
            "2001:db8:1234:a100:8d6e:3477:df66:f105", 34892, "2001:db8::1", 22, packets: 15_300, octets: 1_200_000,
            direction: .egress)
        wide.tcpControlBits = 26
        wide.last = wide.first.advanced(by: .seconds(65))
        let ping = Entries.flow(
            "203.0.113.12", 8, "172.31.16.139", 0, transport: 1, packets: 4, octets: 336, first: 10, last: 13,
            verdict: .reject(.observed, reason: nil))
        #expect(
            table([.flow(wide), .flow(ping)]) == """
                PORT  DIR  PROTO  SOURCE                                             DESTINATION       PACKETS  OCTETS  FLAGS    TIME  VERDICT
                tap7  out  tcp    [2001:db8:1234:a100:8d6e:3477:df66:f105]:34892  →  [2001:db8::1]:22   15.3 k  1.2 MB  SAP    1m 05s  accept
                tap7  in   icmp   203.0.113.12                                    →  172.31.16.139           4   336 B  8/0     3.0 s  reject

                """)
    }

    @Test func `Names stand for interfaces, addresses and ports where they are asked for`() {
        var named = Entries.flow(
            "10.0.0.1", 40_000, "2001:db8::1", 443,
            port: Entries.port(instance: "i-1", instanceName: "Web server 1"))
        named.sourceName = EndName("db\u{1B}")
        named.destinationName = EndName("office")
        var ping = Entries.flow("10.0.0.1", 8, "10.0.0.2", 0, transport: 1, port: Entries.port(instance: "i-1"))
        ping.sourceName = EndName("db")
        let entries = [LogEntry.flow(named), .flow(ping)]
        var bytes: [UInt8] = []
        let names = TableNames { port, transport in port == 443 && transport == "tcp" ? "https" : nil }
        TableFormat(useColour: false, names: names).append(entries, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map { $0.prefix(62) } == [
                "Web server 1 (tap7)  in   tcp    db\\x1b:40000  →  office:https",
                "i-1 (tap7)           in   icmp   db            →  10.0.0.2    ",
            ])
        #expect(!table(entries).contains("office") && !table(entries).contains("Web"))
    }

    @Test func `Every row has its arrow and its last column in the same place`() {
        let entries: [LogEntry] = (0..<200).map { _ in
            let name = String("interface-name".prefix(.random(in: 1...14)))
            let record = Entries.flow(
                "\(IPAddress(v6High: .random(in: 0...(.max)), low: 1))", .random(in: 0...(.max)), "192.0.2.1",
                .random(in: 0...(.max)), transport: .random(in: 0...255),
                packets: UInt64.random(in: 0...(.max)) >> UInt64.random(in: 0..<64), octets: .random(in: 0...(.max)),
                port: Entries.port(name: name))
            return .flow(record)
        }
        let rows = table(entries).split(separator: "\n").dropFirst().map(Array.init)
        #expect(rows.count == 200)
        #expect(Set(rows.map { $0.firstIndex(of: "→") }).count == 1)
        #expect(Set(rows.map(\.count)).count == 1)
    }

    @Test func `Silent ports and skipped packets have rows of their own`() {
        let skipped = LogEntry.skipData(
            port: Entries.port(), window: Entries.window(), overflow: PacketCount(packets: 1_000, octets: 999))
        #expect(
            table([.noData(port: Entries.port(), window: Entries.window()), skipped]) == """
                PORT  DIR  PROTO  SOURCE    DESTINATION  PACKETS  OCTETS  FLAGS  TIME  VERDICT
                tap7  -    -      -         -                  -       -  -         -  no data
                tap7  -    -      -         -              1.0 k   999 B  -         -  skipped

                """)
    }

    @Test func `An interface's name cannot speak to the terminal`() {
        let port = Entries.port(name: "e\u{1B}[2Jvil\u{9B}\u{202E}")
        #expect(table([.noData(port: port, window: Entries.window())]).contains("\ne\\x1b[2Jvil\\u{9b}\\u{202e}  "))
    }

    @Test func `Colour wraps whole lines and changes nothing else`() {
        let entries: [LogEntry] = [
            .flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 2)),
            .flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 3, verdict: .reject(.observed, reason: nil))),
        ]
        let coloured = table(entries, useColour: true)
        #expect(coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == table(entries))
        #expect(coloured.split(separator: "\n").map { $0.hasPrefix("\u{1B}[") } == [true, false, true])
    }

    @Test func `Colour is for terminals whose user did not refuse it`() {
        #expect(TableFormat.shouldUseColour(isTerminal: true, environment: [:]))
        #expect(TableFormat.shouldUseColour(isTerminal: true, environment: ["NO_COLOR": ""]))
        #expect(!TableFormat.shouldUseColour(isTerminal: true, environment: ["NO_COLOR": "1"]))
        #expect(!TableFormat.shouldUseColour(isTerminal: true, environment: ["TERM": "dumb"]))
        #expect(!TableFormat.shouldUseColour(isTerminal: false, environment: [:]))
    }

    @Test func `Most octets come first, silent ports last`() {
        let small = LogEntry.flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 2, octets: 60))
        let large = LogEntry.flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 3, octets: 61))
        let silent = LogEntry.noData(port: Entries.port(), window: Entries.window())
        #expect(TableFormat.mostOctetsFirst([silent, small, large]) == [large, small, silent])
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_049, "1.0 kB"), (1_050, "1.1 kB"), (999_949, "999.9 kB"),
            (999_950, "1.0 MB"), (15_300_000, "15.3 MB"), (UInt64.max, "18.4 EB"),
        ] as [(UInt64, String)])
    func `Octets read in powers of a thousand`(value: UInt64, text: String) {
        #expect(HumanUnits.octets(value) == text)
    }

    @Test(arguments: [
        (-5, "0 ms"), (0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (12_499, "12.4 s"), (59_999, "59.9 s"),
        (60_000, "1m 00s"), (65_000, "1m 05s"), (3_600_000, "1h 00m"), (7_380_000, "2h 03m"),
    ])
    func `Durations read in the unit that fits`(milliseconds: Int, text: String) {
        #expect(HumanUnits.duration(.milliseconds(milliseconds)) == text)
    }
}

private func table(_ entries: [LogEntry], useColour: Bool = false) -> String {
    var bytes: [UInt8] = []
    TableFormat(useColour: useColour).append(entries, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}
