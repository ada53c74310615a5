// SPDX-License-Identifier: Apache-2.0

/// A column of the store, in the order of the file: AWS's fields with AWS's types in AWS's order, then Weir's own.
///
/// Names and meanings are those of the members of JSON lines (`JSONLinesFormat`). Columns are only ever added, at the end.
package enum FlowColumn: Int, CaseIterable, Sendable {
    case version, accountID, interfaceID, sourceAddress, destinationAddress, sourcePort, destinationPort, transport
    case packets, octets, start, end, action, logStatus, vpcID, subnetID, instanceID, tcpFlags, type
    case packetSourceAddress, packetDestinationAddress, region, availabilityZoneID, sublocationType, sublocationID
    case packetSourceService, packetDestinationService, direction, trafficPath, rejectReason
    case port, vlanID, innerVLANID, icmpType, icmpCode, tcpControlBits, firstMilliseconds, lastMilliseconds
    case rule, verdictSource, mixedVerdicts, flowEndReason, overflowPackets, overflowOctets, sourceMAC, destinationMAC
    case dscp, fragmentWithoutFlow, tcpFlagsHidden, unparsed, sampleLength, sample, observedAt
    case incomplete, incompleteReason, windowStart, windowEnd, restarted, windowSequence
    case instanceName, projectID, projectName, sourceName, destinationName

    /// By `rawValue`.
    package static let schema: [ParquetColumn] = [
        ParquetColumn("version", .int32), ParquetColumn("account_id", .string), ParquetColumn("interface_id", .string),
        ParquetColumn("srcaddr", .string), ParquetColumn("dstaddr", .string), ParquetColumn("srcport", .int32),
        ParquetColumn("dstport", .int32), ParquetColumn("protocol", .int32), ParquetColumn("packets", .int64),
        ParquetColumn("bytes", .int64), ParquetColumn("start", .int64), ParquetColumn("end", .int64),
        ParquetColumn("action", .string), ParquetColumn("log_status", .string), ParquetColumn("vpc_id", .string),
        ParquetColumn("subnet_id", .string), ParquetColumn("instance_id", .string), ParquetColumn("tcp_flags", .int32),
        ParquetColumn("type", .string), ParquetColumn("pkt_srcaddr", .string), ParquetColumn("pkt_dstaddr", .string),
        ParquetColumn("region", .string), ParquetColumn("az_id", .string), ParquetColumn("sublocation_type", .string),
        ParquetColumn("sublocation_id", .string), ParquetColumn("pkt_src_aws_service", .string),
        ParquetColumn("pkt_dst_aws_service", .string), ParquetColumn("flow_direction", .string),
        ParquetColumn("traffic_path", .int32), ParquetColumn("reject_reason", .string), ParquetColumn("port", .string),
        ParquetColumn("vlan_id", .int32), ParquetColumn("inner_vlan_id", .int32), ParquetColumn("icmp_type", .int32),
        ParquetColumn("icmp_code", .int32), ParquetColumn("tcp_control_bits", .int32),
        ParquetColumn("first_ms", .int64),
        ParquetColumn("last_ms", .int64), ParquetColumn("rule", .string), ParquetColumn("verdict_source", .string),
        ParquetColumn("mixed_verdicts", .boolean), ParquetColumn("flow_end_reason", .string),
        ParquetColumn("overflow_packets", .int64), ParquetColumn("overflow_bytes", .int64),
        ParquetColumn("src_mac", .string), ParquetColumn("dst_mac", .string), ParquetColumn("dscp", .int32),
        ParquetColumn("fragment_without_flow", .boolean), ParquetColumn("tcp_flags_hidden", .boolean),
        ParquetColumn("unparsed", .string), ParquetColumn("sample_length", .int32), ParquetColumn("sample", .string),
        ParquetColumn("observed_at", .string), ParquetColumn("incomplete", .boolean),
        ParquetColumn("incomplete_reason", .string), ParquetColumn("window_start", .int64),
        ParquetColumn("window_end", .int64), ParquetColumn("restarted", .boolean),
        ParquetColumn("window_sequence", .int64), ParquetColumn("instance_name", .string),
        ParquetColumn("project_id", .string), ParquetColumn("project_name", .string),
        ParquetColumn("src_name", .string), ParquetColumn("dst_name", .string),
    ]

    package var name: String { Self.schema[rawValue].name }

    /// Whether a Bloom filter says which values a row group has.
    var isIndexed: Bool {
        [.sourceAddress, .destinationAddress, .packetSourceAddress, .packetDestinationAddress].contains(self)
    }

    /// The column before it that has the same values where no interface has another address than its packets.
    var twin: FlowColumn? {
        switch self {
        case .packetSourceAddress: .sourceAddress
        case .packetDestinationAddress: .destinationAddress
        default: nil
        }
    }

    package var kind: ParquetColumn.Kind { Self.schema[rawValue].kind }
}
