// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// One JSON object a line (RFC 8259, UTF-8): AWS's names with underscores in AWS's order, then Weir's own.
///
/// | member | type | absent |
/// |---|---|---|
/// | `version` | number, always 8: the highest version among the AWS members here | never |
/// | `account_id` `vpc_id` `subnet_id` `instance_id` `region` `az_id` `sublocation_type` `sublocation_id` | string | not known |
/// | `interface_id` | string; the port's name where the port has no id | never |
/// | `srcaddr` `dstaddr` `pkt_srcaddr` `pkt_dstaddr` `type` `flow_direction` | string | no flow |
/// | `srcport` `dstport` `protocol` `packets` `bytes` `tcp_flags` | number; ports 0 for ICMP, flags 0 for other than TCP | no flow |
/// | `start` `end` | Unix seconds of first and last packet; of the window where there is no flow | never |
/// | `action` | `ACCEPT` or `REJECT` | not known |
/// | `log_status` | `OK`, `NODATA`, `SKIPDATA` | never |
/// | `pkt_src_aws_service` `pkt_dst_aws_service` `reject_reason` | string | not known |
/// | `traffic_path` | number | not known |
/// | `port` | string, the interface's name | never |
/// | `vlan_id` `inner_vlan_id` | number | untagged |
/// | `icmp_type` `icmp_code` | number | not ICMP, or a fragment without its flow |
/// | `tcp_control_bits` | number, OR of all flags (RFC 7125) | not TCP |
/// | `first_ms` `last_ms` | Unix milliseconds | no flow |
/// | `verdict_source` | string | not known |
/// | `flow_end_reason` | `active timeout` or `forced end` | no flow |
/// | `overflow_packets` `overflow_bytes` | number | not `SKIPDATA` |
/// | `src_mac` `dst_mac` | string, of the first packet | not known |
/// | `dscp` | number, of the first packet | not known |
/// | `fragment_without_flow` | true: later fragments whose first was not seen, so that the ports are not known | otherwise |
/// | `window_start` `window_end` | Unix seconds | never |
package struct JSONLinesFormat: RecordFormat {
    package init() {}

    package func appendHeader(to bytes: inout [UInt8]) {}

    package func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        switch entry {
        case .flow(let record): append(record, to: &bytes)
        case .noData(let port, let window):
            append(port, window, status: "NODATA", overflow: nil, to: &bytes)
        case .skipData(let port, let window, let overflow):
            append(port, window, status: "SKIPDATA", overflow: overflow, to: &bytes)
        }
        bytes.appendText("}\n")
    }

    private func append(
        _ port: Port, _ window: Window, status: String, overflow: PacketCount?, to bytes: inout [UInt8]
    ) {
        appendOwner(port, to: &bytes)
        bytes.appendMember("start", window.start.seconds)
        bytes.appendMember("end", window.end.seconds)
        bytes.appendMember("log_status", word: status)
        appendMachine(port.identity, to: &bytes)
        appendPlace(port.identity, to: &bytes)
        bytes.appendMember("port", port.name)
        if let overflow {
            bytes.appendMember("overflow_packets", overflow.packets)
            bytes.appendMember("overflow_bytes", overflow.octets)
        }
        append(window, to: &bytes)
    }
}

extension JSONLinesFormat {
    func appendOwner(_ port: Port, to bytes: inout [UInt8]) {
        bytes.appendText("{\"version\":8")
        bytes.appendMember("account_id", port.identity.accountID)
        bytes.appendMember("interface_id", port.identity.interfaceID ?? port.name)
    }

    func appendMachine(_ identity: PortIdentity, to bytes: inout [UInt8]) {
        bytes.appendMember("vpc_id", identity.vpcID)
        bytes.appendMember("subnet_id", identity.subnetID)
        bytes.appendMember("instance_id", identity.instanceID)
    }

    func appendPlace(_ identity: PortIdentity, to bytes: inout [UInt8]) {
        bytes.appendMember("region", identity.region)
        bytes.appendMember("az_id", identity.availabilityZoneID)
        bytes.appendMember("sublocation_type", identity.sublocationType)
        bytes.appendMember("sublocation_id", identity.sublocationID)
    }

    func append(_ window: Window, to bytes: inout [UInt8]) {
        bytes.appendMember("window_start", window.start.seconds)
        bytes.appendMember("window_end", window.end.seconds)
    }
}
