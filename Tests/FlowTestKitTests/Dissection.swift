// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation

/// What tshark says of a frame.
struct Dissection {
    private let fields: [String: String]

    private static let names = [
        "frame.protocols", "_ws.malformed", "eth.src", "eth.dst", "ieee8021ad.id", "vlan.id", "ip.src", "ip.dst",
        "ip.proto", "ip.len", "ip.dsfield.dscp", "ip.checksum.status", "ip.frag_offset", "ip.flags.mf", "ip.id",
        "ipv6.src", "ipv6.dst", "ipv6.plen", "ipv6.tclass.dscp", "ipv6.fraghdr.offset", "ipv6.fraghdr.more",
        "ipv6.fraghdr.ident", "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.checksum.status", "udp.srcport",
        "udp.dstport", "udp.checksum.status", "sctp.srcport", "sctp.dstport", "sctp.checksum.status", "dccp.srcport",
        "dccp.dstport", "icmp.type", "icmp.code", "icmp.checksum.status", "icmpv6.type", "icmpv6.code",
        "icmpv6.checksum.status",
    ]

    /// Reassembly is off: each frame is to be read alone, as on its way through a port.
    private static let preferences = [
        "ip.defragment:FALSE", "ipv6.defragment:FALSE", "ip.check_checksum:TRUE", "tcp.check_checksum:TRUE",
        "udp.check_checksum:TRUE", "sctp.checksum:CRC 32c", "udplite.check_checksum:TRUE",
        "tcp.desegment_tcp_streams:FALSE",
    ]

    /// Dissects the frames, in their order.
    static func of(_ frames: [[UInt8]]) throws -> [Dissection] {
        let file = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(CaptureFile(frames).contents).write(to: file)
        let command =
            ["tshark", "-n", "-r", file.path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a"]
            + preferences.flatMap { ["-o", $0] } + names.flatMap { ["-e", $0] }
        let output = try ChildProcess.run(command, within: .seconds(120))
        return output.split(separator: "\n").map { line in
            let values = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            return Dissection(fields: Dictionary(uniqueKeysWithValues: zip(names, values)))
        }
    }

    /// The outermost occurrence of the field; nil where the frame has none.
    func text(_ name: String) -> String? {
        fields[name].flatMap { $0.split(separator: ",").first }.map(String.init)
    }

    func number(_ name: String) -> Int? {
        guard let text = text(name) else { return nil }
        return text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    }

    func numbers(_ name: String) -> [Int] { (fields[name] ?? "").split(separator: ",").compactMap { Int($0) } }

    var protocols: [Substring] { (fields["frame.protocols"] ?? "").split(separator: ":") }
    var isMalformed: Bool { protocols.contains("_ws.malformed") || text("_ws.malformed") != nil }

    /// The addresses of the outermost IP header.
    var addresses: (source: IPAddress, destination: IPAddress)? {
        let version = protocols.first { ["ip", "ipv6"].contains($0) } ?? ""
        guard let source = text("\(version).src").flatMap({ IPAddress($0) }),
            let destination = text("\(version).dst").flatMap({ IPAddress($0) })
        else { return nil }
        return (source, destination)
    }

    var octets: Int? {
        switch protocols.first(where: { ["ip", "ipv6"].contains($0) }) {
        case "ip": number("ip.len")
        case "ipv6": number("ipv6.plen").map { $0 + 40 }
        default: nil
        }
    }

    /// Ports, or type and code, of the transport with that number.
    func ports(of transport: UInt8) -> [Int?] {
        switch transport {
        case TransportNumber.tcp: [number("tcp.srcport"), number("tcp.dstport")]
        case TransportNumber.udp, TransportNumber.udpLite: [number("udp.srcport"), number("udp.dstport")]
        case TransportNumber.sctp: [number("sctp.srcport"), number("sctp.dstport")]
        case TransportNumber.dccp: [number("dccp.srcport"), number("dccp.dstport")]
        case TransportNumber.icmp: [number("icmp.type"), number("icmp.code")]
        case TransportNumber.icmpv6: [number("icmpv6.type"), number("icmpv6.code")]
        default: [nil, nil]
        }
    }
}
