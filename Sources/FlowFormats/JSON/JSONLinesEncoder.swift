// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Writes JSON lines; what is constant for a port is prebuilt.
package struct JSONLinesEncoder: RecordEncoder {
    private var pieces = PortPieces(count: JSONPiece.allCases.count)
    private let memory = LineMemory()

    /// All names and values of a flow but the port's pieces and names of others: 37 members of at most 68 bytes.
    private static let longestPlain = 2516

    package mutating func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        switch entry {
        case .flow(let record): append(record, to: &bytes)
        case .noData(let port, let window):
            JSONLinesFormat.appendGap(port, window, status: "NODATA", overflow: nil, to: &bytes)
        case .skipData(let port, let window, let overflow):
            JSONLinesFormat.appendGap(port, window, status: "SKIPDATA", overflow: overflow, to: &bytes)
        case .unparsed(let port, let window, let frames):
            JSONLinesFormat.append(frames, of: port, window, to: &bytes)
        }
    }

    package mutating func append(_ record: borrowing FlowRecord, to bytes: inout [UInt8]) {
        if !pieces.areMade(for: record.port) { makePieces(of: record.port) }
        let number = record.port.number
        // A byte takes up to six in a string.
        let longest = pieces.length(of: number) + 6 * record.lengthOfNames + Self.longestPlain
        var line = memory.begin(longest: longest)
        pieces.write(JSONPiece.owner.rawValue, of: number, to: &line)
        line.traffic(of: record)
        pieces.write(JSONPiece.machine.rawValue, of: number, to: &line)
        line.packet(of: record)
        pieces.write(JSONPiece.place.rawValue, of: number, to: &line)
        line.attribution(of: record)
        pieces.write(JSONPiece.portName.rawValue, of: number, to: &line)
        line.ownHeaders(of: record)
        line.ownJudgement(of: record)
        if let origin = record.observedAt { line.member(",\"observed_at\":", origin.name) }
        line.window(record.window)
        pieces.write(JSONPiece.names.rawValue, of: number, to: &line)
        line.member(",\"src_name\":", record.sourceName?.text)
        line.member(",\"dst_name\":", record.destinationName?.text)
        line.text("}\n")
        memory.finish(line, into: &bytes)
    }

    private mutating func makePieces(of port: Port) {
        pieces.make(for: port) { piece, bytes in JSONPiece(rawValue: piece)?.append(of: port, to: &bytes) }
    }
}

extension LineWriter {
    fileprivate mutating func traffic(of record: borrowing FlowRecord) {
        member(",\"srcaddr\":", record.attribution?.interfaceSource ?? record.key.source)
        member(",\"dstaddr\":", record.attribution?.interfaceDestination ?? record.key.destination)
        member(",\"srcport\":", record.key.isICMP ? 0 : record.key.sourcePort)
        member(",\"dstport\":", record.key.isICMP ? 0 : record.key.destinationPort)
        member(",\"protocol\":", record.key.transport)
        member(",\"packets\":", record.count.packets)
        member(",\"bytes\":", record.count.octets)
        member(",\"start\":", record.first.seconds)
        member(",\"end\":", record.last.seconds)
        switch record.verdict.action {
        case .accept: text(",\"action\":\"ACCEPT\"")
        case .reject: text(",\"action\":\"REJECT\"")
        case .unknown, .mixed: break
        }
        text(",\"log_status\":\"OK\"")
    }

    fileprivate mutating func packet(of record: borrowing FlowRecord) {
        member(",\"tcp_flags\":", record.key.transport == TransportNumber.tcp ? record.tcpFlags : 0)
        text(",\"type\":\"")
        typeName(record.key.version)
        text("\"")
        member(",\"pkt_srcaddr\":", record.key.source)
        member(",\"pkt_dstaddr\":", record.key.destination)
    }

    fileprivate mutating func attribution(of record: borrowing FlowRecord) {
        if let attribution = record.attribution {
            member(",\"pkt_src_aws_service\":", attribution.sourceService)
            member(",\"pkt_dst_aws_service\":", attribution.destinationService)
        }
        text(",\"flow_direction\":\"")
        name(record.key.direction)
        text("\"")
        if let path = record.attribution?.trafficPath { member(",\"traffic_path\":", Int64(path)) }
        member(",\"reject_reason\":", record.verdict.reason?.text)
    }

    fileprivate mutating func ownHeaders(of record: borrowing FlowRecord) {
        let key = record.key
        if key.vlanID != 0 { member(",\"vlan_id\":", key.vlanID) }
        if key.innerVLANID != 0 { member(",\"inner_vlan_id\":", key.innerVLANID) }
        if key.isICMP, !key.isFragmentWithoutFlow {
            member(",\"icmp_type\":", key.sourcePort)
            member(",\"icmp_code\":", key.destinationPort)
        }
        if key.transport == TransportNumber.tcp { member(",\"tcp_control_bits\":", record.tcpControlBits) }
    }

    fileprivate mutating func ownJudgement(of record: borrowing FlowRecord) {
        member(",\"first_ms\":", record.first.milliseconds)
        member(",\"last_ms\":", record.last.milliseconds)
        member(",\"rule\":", record.verdict.rule?.text)
        if let source = record.verdict.source { member(",\"verdict_source\":", word: source.name) }
        if record.verdict.action == .mixed { text(",\"mixed_verdicts\":true") }
        if let reason = record.window.endReason { member(",\"flow_end_reason\":", word: reason.name) }
        member(",\"src_mac\":", record.sourceMAC)
        member(",\"dst_mac\":", record.destinationMAC)
        if let dscp = record.dscp { member(",\"dscp\":", dscp) }
        if record.key.isFragmentWithoutFlow { text(",\"fragment_without_flow\":true") }
        if record.hidesTCPFlags { text(",\"tcp_flags_hidden\":true") }
    }

    /// The members before the names, which are the last.
    mutating func window(_ window: Window) {
        member(",\"window_start\":", window.start.seconds)
        member(",\"window_end\":", window.endSecond)
        if window.spansRestart { text(",\"restarted\":true") }
    }
}
