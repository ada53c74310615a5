// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Testing

@Suite struct AWSTextFormatTests {
    @Test func `The first line of a file names the fields of the default format`() {
        var bytes: [UInt8] = []
        AWSTextFormat.default.appendHeader(to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
                action log-status

                """)
    }

    @Test(arguments: [
        ("srcaddr version", "2"), ("version tcp-flags", "3"), ("version region", "4"), ("version flow-direction", "5"),
        ("version ecs-task-id", "7"), ("version reject-reason srcaddr", "8"), ("version resource-id", "9"),
        ("encryption-status version", "10"),
    ])
    func `The version is the highest among the chosen fields`(list: String, version: String) throws {
        let format = try AWSTextFormat(fieldList: list)
        let words = line(.flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 2)), format).split(separator: " ")
        #expect(words[try #require(format.fields.firstIndex(of: .version))] == version)
        #expect(words.count == format.fields.count)
    }

    @Test func `An unknown account is unknown, and a port without an interface id goes by its name`() throws {
        let format = try AWSTextFormat(fieldList: "account-id interface-id")
        let port = Entries.port(nil, account: nil)
        #expect(line(.flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 2, port: port)), format) == "unknown tap7")
        #expect(line(.noData(port: port, window: Entries.window()), format) == "unknown tap7")
    }

    @Test func `A verdict that is not known prints no action, and a reason of rejection prints`() throws {
        let format = try AWSTextFormat(fieldList: "action reject-reason")
        let unknown = Entries.flow("192.0.2.1", 1, "192.0.2.2", 2, verdict: .unknown)
        let rejected = Entries.flow("192.0.2.1", 1, "192.0.2.2", 2, verdict: .reject(.observed, reason: "BPA"))
        #expect(line(.flow(unknown), format) == "- -")
        #expect(line(.flow(rejected), format) == "REJECT BPA")
    }

    @Test func `Flags are zero for a flow that is not TCP, and dashes where there is no flow`() throws {
        let format = try AWSTextFormat(fieldList: "tcp-flags type flow-direction vpc-id")
        let udp = Entries.flow("2001:db8::1", 1, "2001:db8::2", 2, transport: 17, tcpFlags: 3, direction: .egress)
        #expect(line(.flow(udp), format) == "0 IPv6 egress -")
        let port = Entries.port(vpc: "vpc-1")
        let overflow = PacketCount(packets: 1, octets: 60)
        #expect(line(.noData(port: port, window: Entries.window()), format) == "- - - -")
        #expect(line(.skipData(port: port, window: Entries.window(), overflow: overflow), format) == "- - - -")
    }

    @Test func `ICMPv6 prints no ports, a fragment without its flow prints zero`() throws {
        let format = try AWSTextFormat(fieldList: "srcport dstport protocol")
        #expect(line(.flow(Entries.flow("fe80::1", 135, "ff02::1", 0, transport: 58)), format) == "0 0 58")
        var fragment = Entries.flow("192.0.2.1", 0, "192.0.2.2", 0, transport: 17)
        fragment.key.isFragmentWithoutFlow = true
        #expect(line(.flow(fragment), format) == "0 0 17")
    }

    @Test func `A name with blanks or line feeds stays one word`() throws {
        let format = try AWSTextFormat(fieldList: "vpc-id subnet-id instance-id region log-status")
        let port = Entries.port(vpc: "my vpc", subnet: "a\nb\tc", instance: "", region: "zürich")
        #expect(
            line(.flow(Entries.flow("192.0.2.1", 1, "192.0.2.2", 2, port: port)), format) == "my_vpc a_b_c - zürich OK")
    }

    @Test func `Counters print up to their last number`() throws {
        let format = try AWSTextFormat(fieldList: "packets bytes srcport")
        let record = Entries.flow("192.0.2.1", 65535, "192.0.2.2", 2, packets: 0, octets: .max)
        #expect(line(.flow(record), format) == "0 18446744073709551615 65535")
    }

    @Test func `Every field at its longest fits into its line`() {
        let name = String(repeating: "n", count: 5_000)
        func port(interface: String?) -> Port {
            Entries.port(
                interface, account: name, vpc: name, subnet: name, instance: name, region: name, zone: name,
                sublocation: (name, name), name: name)
        }
        let address = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        let record = Entries.flow(
            address, .max, address, .max, packets: .max, octets: .max,
            verdict: .reject(.observed, reason: RejectReason(name)),
            tcpFlags: .max, port: port(interface: name),
            attribution: FlowAttribution(sourceService: name, destinationService: name, trafficPath: .min))
        let words = line(.flow(record), AWSTextFormat(fields: AWSField.allCases)).split(separator: " ")
        #expect(words.count == 42 && words.filter { $0 == name }.count == 12)
        let gap = line(
            .noData(port: port(interface: nil), window: Entries.window()), AWSTextFormat(fields: AWSField.allCases))
        #expect(gap.split(separator: " ").count == 42)
    }

    private func line(_ entry: LogEntry, _ format: AWSTextFormat) -> String {
        var bytes = Array("before\n".utf8)
        format.append(entry, to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("before\n") && text.hasSuffix("\n"))
        return String(text.dropFirst("before\n".count).dropLast())
    }
}
