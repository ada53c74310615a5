// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Foundation
import Testing

/// Lines as another parser reads them: Foundation's.
@Suite struct JSONLinesFormatTests {
    @Test func `A flow with all that can be known has every member, in AWS's order and then our own`() throws {
        let line = text(of: .flow(completeRecord))
        #expect(
            names(in: line) == [
                "version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol",
                "packets", "bytes", "start", "end", "action", "log_status", "vpc_id", "subnet_id", "instance_id",
                "tcp_flags", "type", "pkt_srcaddr", "pkt_dstaddr", "region", "az_id", "sublocation_type",
                "sublocation_id", "pkt_src_aws_service", "pkt_dst_aws_service", "flow_direction", "traffic_path",
                "reject_reason", "port", "vlan_id", "inner_vlan_id", "tcp_control_bits", "first_ms", "last_ms",
                "verdict_source", "flow_end_reason", "src_mac", "dst_mac", "dscp", "fragment_without_flow",
                "window_start", "window_end", "instance_name", "project_id", "project_name",
                "src_name", "dst_name",
            ])
        #expect(try object(in: line) == completeObject)
    }

    @Test func `What is not known is absent`() throws {
        var record = Entries.flow(
            "192.0.2.1", 53, "192.0.2.2", 4242, transport: 17, verdict: .unknown, port: Entries.port(nil, account: nil))
        record.first = UnixTime(nanoseconds: 1_418_530_010_123_456_789)
        let expected: NSDictionary = [
            "version": 8, "interface_id": "tap7", "srcaddr": "192.0.2.1", "dstaddr": "192.0.2.2", "srcport": 53,
            "dstport": 4242, "protocol": 17, "packets": 20, "bytes": 4249, "start": 1_418_530_010,
            "end": 1_418_530_070, "log_status": "OK", "tcp_flags": 0, "type": "IPv4", "pkt_srcaddr": "192.0.2.1",
            "pkt_dstaddr": "192.0.2.2", "flow_direction": "ingress", "port": "tap7",
            "first_ms": 1_418_530_010_123, "last_ms": 1_418_530_070_000, "flow_end_reason": "active timeout",
            "window_start": 1_700_000_000, "window_end": 1_700_000_060,
        ]
        #expect(try object(in: text(of: .flow(record))) == expected)
    }

    @Test func `A record that stands in says where its packets were counted`() throws {
        var record = Entries.flow("192.0.2.1", 53, "192.0.2.2", 4242, transport: 17, verdict: .unknown)
        record.observedAt = Port(number: PortNumber(9), name: "up\"link", role: .uplink)
        #expect(try object(in: text(of: .flow(record)))["observed_at"] as? String == "up\"link")
    }

    @Test func `ICMP has no ports but a type and a code`() throws {
        let object = try object(in: text(of: .flow(Entries.flow("192.0.2.1", 3, "192.0.2.2", 13, transport: 1))))
        #expect(object["srcport"] as? Int == 0 && object["dstport"] as? Int == 0)
        #expect(object["icmp_type"] as? Int == 3 && object["icmp_code"] as? Int == 13)
        #expect(object["tcp_control_bits"] == nil)
    }

    @Test func `A fragment of an unknown ICMP message has neither type nor code`() throws {
        var record = Entries.flow("192.0.2.1", 0, "192.0.2.2", 0, transport: 1)
        record.key.isFragmentWithoutFlow = true
        let object = try object(in: text(of: .flow(record)))
        #expect(object["icmp_type"] == nil && object["icmp_code"] == nil)
        #expect(object["fragment_without_flow"] as? Bool == true)
    }

    @Test func `A silent port keeps who it is and the window`() throws {
        let line = text(of: .noData(port: Entries.port(vpc: "vpc-1", region: "r1"), window: Entries.window(60, 120)))
        let expected: NSDictionary = [
            "version": 8, "account_id": "123456789010", "interface_id": "eni-1235b8ca123456789", "start": 60,
            "end": 120, "log_status": "NODATA", "vpc_id": "vpc-1", "region": "r1", "port": "tap7", "window_start": 60,
            "window_end": 120,
        ]
        #expect(try object(in: line) == expected)
    }

    @Test func `Skipped records carry the totals of what was skipped`() throws {
        let overflow = PacketCount(packets: 7, octets: .max)
        let object = try object(
            in: text(of: .skipData(port: Entries.port(), window: Entries.window(), overflow: overflow)))
        #expect(object["log_status"] as? String == "SKIPDATA")
        #expect(object["overflow_packets"] as? UInt64 == 7 && object["overflow_bytes"] as? UInt64 == .max)
        #expect(object["srcaddr"] == nil && object["packets"] == nil && object["action"] == nil)
    }

    @Test func `Lines of a port that was not measured throughout say so, and why`() throws {
        let port = Entries.port().with(PortCoverage.interrupted("a \"program\" was detached"))
        let window = Entries.window()
        let flow = Entries.flow("10.0.0.1", 1, "10.0.0.2", 2, port: port)
        for entry in [LogEntry.flow(flow), .skipData(port: port, window: window, overflow: .zero)] {
            let object = try object(in: text(of: entry))
            #expect(object["incomplete"] as? Bool == true)
            #expect(object["incomplete_reason"] as? String == "a \"program\" was detached")
        }
        let whole = try object(in: text(of: .noData(port: Entries.port(), window: window)))
        #expect(whole["incomplete"] == nil && whole["incomplete_reason"] == nil)
    }

    @Test(arguments: [
        "plain", "quo\"te", "back\\slash", "line\nfeed", "tab\tand\r", "nul\u{0}", "bell\u{7}\u{1F}\u{7F}", "zürich 🧱",
        "\u{2028}", "</script>", "",
    ])
    func `Any name comes back as it was`(name: String) throws {
        let line = text(of: .noData(port: Entries.port(vpc: name), window: Entries.window()))
        #expect(line.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(line.hasSuffix("}\n"))
        #expect(try object(in: line)["vpc_id"] as? String == name)
    }

    @Test func `A file begins with no header`() {
        var bytes: [UInt8] = []
        JSONLinesFormat().appendHeader(to: &bytes)
        #expect(bytes.isEmpty)
    }
}

private func text(of entry: LogEntry) -> String {
    var bytes: [UInt8] = []
    JSONLinesFormat().append(entry, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

private func object(in line: String) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)
}

private func names(in line: String) -> [String] {
    line.matches(of: /[{,]"([a-z_]+)":/).map { String($0.1) }
}

private let completeRecord: FlowRecord = {
    let port = Entries.port(
        vpc: "vpc-1", subnet: "subnet-1", instance: "i-1", region: "eu-1", zone: "eu-1-az1",
        sublocation: ("outpost", "op-1"), instanceName: "web \"1\"", project: ("p-1", "Läden, Zürich"))
    var record = Entries.flow(
        "2001:db8::1", 443, "2001:db8::2", 50000, packets: 3, octets: 180,
        verdict: .reject(.observed, reason: "BPA"), tcpFlags: 18, direction: .egress, port: port,
        attribution: FlowAttribution(
            interfaceSource: IPAddress("2001:db8::a"), interfaceDestination: IPAddress("2001:db8::b"),
            sourceService: "S3", destinationService: "EC2", trafficPath: 1))
    record.key.vlanID = 100
    record.key.innerVLANID = 200
    record.key.isFragmentWithoutFlow = true
    record.tcpControlBits = 26
    record.dscp = 46
    record.sourceName = EndName("\"x\"")
    record.destinationName = EndName("office")
    record.sourceMAC = MACAddress(0x0200_5E00_5301)
    record.destinationMAC = MACAddress(0x0200_5E00_5302)
    return record
}()

private var completeObject: NSDictionary {
    [
        "version": 8, "account_id": "123456789010", "interface_id": "eni-1235b8ca123456789", "srcaddr": "2001:db8::a",
        "dstaddr": "2001:db8::b", "srcport": 443, "dstport": 50000, "protocol": 6, "packets": 3, "bytes": 180,
        "start": 1_418_530_010, "end": 1_418_530_070, "action": "REJECT", "log_status": "OK", "vpc_id": "vpc-1",
        "subnet_id": "subnet-1", "instance_id": "i-1", "tcp_flags": 18, "type": "IPv6", "pkt_srcaddr": "2001:db8::1",
        "pkt_dstaddr": "2001:db8::2", "region": "eu-1", "az_id": "eu-1-az1", "sublocation_type": "outpost",
        "sublocation_id": "op-1", "pkt_src_aws_service": "S3", "pkt_dst_aws_service": "EC2", "flow_direction": "egress",
        "traffic_path": 1, "reject_reason": "BPA", "port": "tap7", "vlan_id": 100, "inner_vlan_id": 200,
        "tcp_control_bits": 26, "first_ms": 1_418_530_010_000, "last_ms": 1_418_530_070_000,
        "verdict_source": "observed",
        "flow_end_reason": "active timeout", "src_mac": "02:00:5e:00:53:01", "dst_mac": "02:00:5e:00:53:02", "dscp": 46,
        "fragment_without_flow": true, "window_start": 1_700_000_000, "window_end": 1_700_000_060,
        "instance_name": "web \"1\"", "project_id": "p-1", "project_name": "Läden, Zürich",
        "src_name": "\"x\"", "dst_name": "office",
    ]
}
