// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import FlowModel
import FlowViews
import Foundation

/// A captured frame for people, or for programs that read lines. Fields have the names that records have.
struct CaptureLine: Encodable {
    private let moment: UnixTime
    private let summary: FrameSummary
    private let verdict: String?
    let time: String
    let port: String
    let machine: String?
    let direction: String
    let action: String?
    let rule: String?
    let vlan: UInt16?
    let transport: UInt8?
    let source: String?
    let destination: String?
    let sourcePort: UInt16?
    let destinationPort: UInt16?
    let type: UInt16?
    let code: UInt16?
    let length: UInt32
    let packets: UInt32?

    private enum CodingKeys: String, CodingKey {
        case time, port, direction, action, rule, length, packets
        case machine = "instance_name"
        case vlan = "vlan_id"
        case transport = "protocol"
        case source = "srcaddr"
        case destination = "dstaddr"
        case sourcePort = "srcport"
        case destinationPort = "dstport"
        case type = "icmp_type"
        case code = "icmp_code"
    }

    init(_ frame: CopiedFrame, at moment: UnixTime, _ port: CapturedPort, rule: String?) {
        self.moment = moment
        summary = FrameSummary(frame.wireBytes)
        let clock = ClockText.utc
        time = "\(clock.date(moment.seconds))T\(clock.time(moment.seconds)).\(Self.fraction(moment, digits: 9))Z"
        (self.port, machine) = (port.name, port.machine)
        direction = frame.direction == .ingress ? "IN" : "OUT"
        action =
            switch frame.ruling {
            case .none: nil
            case .accept: "ACCEPT"
            case .reject, .drop: "REJECT"
            }
        verdict = frame.verdictText(rule: rule)
        self.rule = frame.rule == 0 ? nil : rule ?? "\(frame.rule)"
        (vlan, transport) = (summary.vlan, summary.transport)
        (source, destination) = (summary.source?.description, summary.destination?.description)
        let hasPorts = summary.transport.map(TransportNumber.hasPorts) ?? false
        sourcePort = hasPorts ? summary.ports?.source : nil
        destinationPort = hasPorts ? summary.ports?.destination : nil
        type = hasPorts ? nil : summary.ports?.source
        code = hasPorts ? nil : summary.ports?.destination
        length = frame.wireLength
        packets = frame.segment == 0 ? nil : frame.packets
    }

    /// `12:05:23.123456 web1 OUT ACCEPT by rule web/https: tcp 10.0.0.1:40000 > 10.0.0.2:443, 74 bytes`
    func text(_ clock: ClockText) -> String {
        let time = "\(clock.time(moment.seconds)).\(Self.fraction(moment, digits: 6))"
        let head = "\(time) \(machine ?? port) \(direction)" + (verdict.map { " \($0)" } ?? "")
        let more = packets.map { " in \($0) packets" } ?? ""
        return PrintableText.of("\(head): \(summary.text), \(length) bytes\(more)")
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return PrintableText.json(String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self))
    }

    /// Of a second.
    private static func fraction(_ moment: UnixTime, digits: Int) -> String {
        let nanoseconds = String(moment.nanoseconds - moment.seconds * 1_000_000_000)
        return String((String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds).prefix(digits))
    }
}
