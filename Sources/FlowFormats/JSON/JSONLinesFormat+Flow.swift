// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension JSONLinesFormat {
    /// All of a flow's object but the brace that closes it.
    func append(_ record: FlowRecord, to bytes: inout [UInt8]) {
        appendOwner(record.port, to: &bytes)
        appendTraffic(record, to: &bytes)
        appendMachine(record.port.identity, to: &bytes)
        appendPacket(record, to: &bytes)
        appendPlace(record.port.identity, to: &bytes)
        appendAttribution(record, to: &bytes)
        appendOwnHeaders(record, to: &bytes)
        appendOwnJudgement(record, to: &bytes)
        append(record.window, to: &bytes)
    }

    private func appendTraffic(_ record: FlowRecord, to bytes: inout [UInt8]) {
        let key = record.key
        bytes.appendMember("srcaddr", record.attribution?.interfaceSource ?? key.source)
        bytes.appendMember("dstaddr", record.attribution?.interfaceDestination ?? key.destination)
        bytes.appendMember("srcport", key.isICMP ? 0 : key.sourcePort)
        bytes.appendMember("dstport", key.isICMP ? 0 : key.destinationPort)
        bytes.appendMember("protocol", key.transport)
        bytes.appendMember("packets", record.count.packets)
        bytes.appendMember("bytes", record.count.octets)
        bytes.appendMember("start", record.first.seconds)
        bytes.appendMember("end", record.last.seconds)
        if let action = record.verdict.action { bytes.appendMember("action", word: action) }
        bytes.appendMember("log_status", word: "OK")
    }

    private func appendPacket(_ record: FlowRecord, to bytes: inout [UInt8]) {
        let key = record.key
        bytes.appendMember("tcp_flags", key.transport == TransportNumber.tcp ? record.tcpFlags : 0)
        bytes.appendMember("type", word: key.version.typeName)
        bytes.appendMember("pkt_srcaddr", key.source)
        bytes.appendMember("pkt_dstaddr", key.destination)
    }

    private func appendAttribution(_ record: FlowRecord, to bytes: inout [UInt8]) {
        bytes.appendMember("pkt_src_aws_service", record.attribution?.sourceService)
        bytes.appendMember("pkt_dst_aws_service", record.attribution?.destinationService)
        bytes.appendMember("flow_direction", word: record.key.direction.name)
        if let path = record.attribution?.trafficPath { bytes.appendMember("traffic_path", Int64(path)) }
        bytes.appendMember("reject_reason", record.verdict.rejectReason)
    }

    private func appendOwnHeaders(_ record: FlowRecord, to bytes: inout [UInt8]) {
        let key = record.key
        bytes.appendMember("port", record.port.name)
        if key.vlanID != 0 { bytes.appendMember("vlan_id", key.vlanID) }
        if key.innerVLANID != 0 { bytes.appendMember("inner_vlan_id", key.innerVLANID) }
        if key.isICMP, !key.isFragmentWithoutFlow {
            bytes.appendMember("icmp_type", key.sourcePort)
            bytes.appendMember("icmp_code", key.destinationPort)
        }
        if key.transport == TransportNumber.tcp { bytes.appendMember("tcp_control_bits", record.tcpControlBits) }
    }

    private func appendOwnJudgement(_ record: FlowRecord, to bytes: inout [UInt8]) {
        bytes.appendMember("first_ms", record.first.milliseconds)
        bytes.appendMember("last_ms", record.last.milliseconds)
        if let source = record.verdict.source { bytes.appendMember("verdict_source", word: source.name) }
        if let reason = record.window.endReason { bytes.appendMember("flow_end_reason", word: reason.name) }
        bytes.appendMember("src_mac", record.sourceMAC)
        bytes.appendMember("dst_mac", record.destinationMAC)
        if let dscp = record.dscp { bytes.appendMember("dscp", dscp) }
        if record.key.isFragmentWithoutFlow { bytes.appendText(",\"fragment_without_flow\":true") }
    }
}
