// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Comma-separated values (RFC 4180) with a header line: the members of JSON lines (`JSONLinesFormat`), each a column, in the order of the
/// store's columns (`docs/store.md`).
///
/// A value that is not known is an empty field; a text that is known and empty is `""`. True is `true`; a member that JSON has only where
/// it is true is otherwise empty. Texts stand as `PrintableText` has them, so that a record is always one line. Lines end with a line
/// feed alone, as text on Linux does. New columns are only ever added at the end.
package struct CSVFormat: RecordFormat {
    package init() {}

    package static let columns = [
        "version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
        "bytes", "start", "end", "action", "log_status", "vpc_id", "subnet_id", "instance_id", "tcp_flags", "type",
        "pkt_srcaddr", "pkt_dstaddr", "region", "az_id", "sublocation_type", "sublocation_id", "pkt_src_aws_service",
        "pkt_dst_aws_service", "flow_direction", "traffic_path", "reject_reason", "port", "vlan_id", "inner_vlan_id",
        "icmp_type", "icmp_code", "tcp_control_bits", "first_ms", "last_ms", "rule", "verdict_source",
        "mixed_verdicts", "flow_end_reason", "overflow_packets", "overflow_bytes", "src_mac", "dst_mac", "dscp",
        "fragment_without_flow", "tcp_flags_hidden", "unparsed", "sample_length", "sample", "observed_at",
        "incomplete", "incomplete_reason", "window_start", "window_end", "restarted", "instance_name",
        "project_id", "project_name", "src_name", "dst_name",
    ]

    package func appendHeader(to bytes: inout [UInt8]) {
        bytes.appendText(Self.columns.joined(separator: ",") + "\n")
    }

    package func makeEncoder() -> any RecordEncoder { CSVEncoder() }
}

/// Fields that are the same in all lines of a port, as they stand together in a line, each with the comma after it.
enum CSVPiece: Int, CaseIterable {
    case owner
    case machine
    case place
    case portName
    case coverage
    case names

    func append(of port: Port, to bytes: inout [UInt8]) {
        let identity = port.identity
        let names: [String?] =
            switch self {
            case .owner: [identity.accountID, identity.interfaceID ?? port.name]
            case .machine: [identity.vpcID, identity.subnetID, identity.instanceID]
            case .place:
                [identity.region, identity.availabilityZoneID, identity.sublocationType, identity.sublocationID]
            case .portName: [port.name]
            case .names: [identity.instanceName, identity.projectID, identity.projectName]
            case .coverage: [port.coverage.interruption == nil ? nil : "true", port.coverage.interruption]
            }
        if self == .owner { bytes.appendText("8,") }
        for name in names {
            bytes.appendLine(longest: LineWriter.longestField(name?.utf8.count ?? 0)) { $0.field(name) }
        }
    }
}

/// Fields, each with the comma after it; nil is an empty field.
extension LineWriter {
    /// The most bytes that a text of that many takes: up to four for one that does not show itself, and the quotes.
    static func longestField(_ count: Int) -> Int { 4 * count + 3 }

    @inline(__always)
    mutating func endField() { byte(UInt8(ascii: ",")) }

    mutating func emptyFields(_ count: Int) {
        for _ in 0..<count { endField() }
    }

    @inline(__always)
    mutating func field(_ value: some FixedWidthInteger & UnsignedInteger) {
        decimal(UInt64(value))
        endField()
    }

    @inline(__always)
    mutating func field(_ value: Int64?) {
        if let value { decimal(value) }
        endField()
    }

    /// A word of our own.
    @inline(__always)
    mutating func field(word: StaticString?) {
        if let word { text(word) }
        endField()
    }

    @inline(__always)
    mutating func field(_ isTrue: Bool) {
        if isTrue { text("true") }
        endField()
    }

    @inline(__always)
    mutating func field(_ address: IPAddress) {
        self.address(address)
        endField()
    }

    @inline(__always)
    mutating func field(_ address: MACAddress?) {
        if let address { mac(address) }
        endField()
    }

    mutating func field(_ name: String?) {
        if let name { quoted(PrintableText.of(name)) }
        endField()
    }

    /// In quotes where it is empty, or has a comma or quotes, which are doubled (RFC 4180 §2).
    private mutating func quoted(_ name: String) {
        let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
        guard name.isEmpty || name.utf8.contains(where: { $0 == comma || $0 == quote }) else {
            for character in name.utf8 { byte(character) }
            return
        }
        byte(quote)
        for character in name.utf8 {
            if character == quote { byte(quote) }
            byte(character)
        }
        byte(quote)
    }
}
