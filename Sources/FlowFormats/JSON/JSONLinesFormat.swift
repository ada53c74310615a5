// SPDX-License-Identifier: Apache-2.0

import FlowModel

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
/// | `rule` | string, the rule that decided; see `docs/records.md` | not known |
/// | `verdict_source` | string | not known |
/// | `mixed_verdicts` | true: some packets were let through and others not, so that there is no `action` | otherwise |
/// | `flow_end_reason` | `active timeout` or `forced end` | no flow |
/// | `overflow_packets` `overflow_bytes` | number | not `SKIPDATA` |
/// | `src_mac` `dst_mac` | string, of the first packet | not known |
/// | `dscp` | number, of the first packet | not known |
/// | `fragment_without_flow` | true: later fragments whose first was not seen, so that the ports are not known | otherwise |
/// | `tcp_flags_hidden` | true: a first fragment of a segment ended before its TCP flags, so that some are not known | otherwise |
/// | `unparsed` | `malformed`, `truncated`, `too-many-headers` or `not-ip`: why these frames are in no flow | a flow, or a gap |
/// | `sample` `sample_length` | string, the beginning of the first such frame in hexadecimal; number, its whole length | none was kept |
/// | `observed_at` | string, the interface where the packets were counted: its record stands in, since at the record's own port no program sees them | counted at its own port |
/// | `incomplete` | true: some frames of the port may not have been counted in the window | otherwise |
/// | `incomplete_reason` | string | not `incomplete` |
/// | `window_start` `window_end` | Unix seconds, rounded away from the window | never |
/// | `restarted` | true: the window was open already when the daemon started | otherwise |
/// | `instance_name` `project_id` `project_name` | string, of the machine behind the port | not known |
/// | `src_name` `dst_name` | string, of the machine or the network that has the packets' address | not known |
package struct JSONLinesFormat: RecordFormat {
    package init() {}

    package func appendHeader(to bytes: inout [UInt8]) {}

    package func makeEncoder() -> any RecordEncoder { JSONLinesEncoder() }

    /// A line of frames that are in no flow.
    static func append(_ frames: UnparsedFrames, of port: Port, _ window: Window, to bytes: inout [UInt8]) {
        JSONPiece.owner.append(of: port, to: &bytes)
        bytes.appendLine(longest: 300) { line in
            line.member(",\"packets\":", frames.count.packets)
            line.member(",\"bytes\":", frames.count.octets)
            line.member(",\"start\":", window.start.seconds)
            line.member(",\"end\":", window.endSecond)
        }
        if frames.verdict.action == .accept || frames.verdict.action == .reject {
            bytes.appendText(",\"action\":\"\(frames.verdict.action.awsWord)\"")
        }
        bytes.appendText(",\"log_status\":\"OK\"")
        for piece in [JSONPiece.machine, .place] { piece.append(of: port, to: &bytes) }
        bytes.appendText(",\"flow_direction\":\"\(frames.direction == .ingress ? "ingress" : "egress")\"")
        if let reason = frames.verdict.reason { bytes.appendText(",\"reject_reason\":\"\(reason.text)\"") }
        JSONPiece.portName.append(of: port, to: &bytes)
        appendOwn(frames, to: &bytes)
        bytes.appendLine(longest: 200) { line in line.window(window) }
        appendEnd(of: port, to: &bytes)
    }

    private static func appendEnd(of port: Port, to bytes: inout [UInt8]) {
        JSONPiece.names.append(of: port, to: &bytes)
        bytes.appendText("}\n")
    }

    private static func appendOwn(_ frames: UnparsedFrames, to bytes: inout [UInt8]) {
        if let source = frames.verdict.source { bytes.appendText(",\"verdict_source\":\"\(source.name)\"") }
        bytes.appendText(",\"unparsed\":\"\(frames.reason.name)\"")
        guard let sample = frames.sample else { return }
        bytes.appendText(",\"sample_length\":\(sample.length),\"sample\":\"")
        bytes.appendHex(sample.bytes)
        bytes.appendText("\"")
    }

    /// A line that tells of no flow.
    static func appendGap(
        _ port: Port, _ window: Window, status: StaticString, overflow: PacketCount?, to bytes: inout [UInt8]
    ) {
        JSONPiece.owner.append(of: port, to: &bytes)
        bytes.appendLine(longest: 200) { line in
            line.member(",\"start\":", window.start.seconds)
            line.member(",\"end\":", window.endSecond)
            line.member(",\"log_status\":", word: status)
        }
        for piece in [JSONPiece.machine, .place, .portName] { piece.append(of: port, to: &bytes) }
        bytes.appendLine(longest: 300) { line in
            if let overflow {
                line.member(",\"overflow_packets\":", overflow.packets)
                line.member(",\"overflow_bytes\":", overflow.octets)
            }
            line.window(window)
        }
        appendEnd(of: port, to: &bytes)
    }
}
