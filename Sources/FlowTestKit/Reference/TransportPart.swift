// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

/// The transport layer of a packet, as far as it makes a flow.
struct TransportPart {
    /// ICMP: the type.
    private(set) var sourcePort: UInt16 = 0
    /// ICMP: the code.
    private(set) var destinationPort: UInt16 = 0
    private(set) var tcpControlBits: UInt16 = 0
    /// Whether a first fragment ends before the flags.
    private(set) var hidesTCPFlags = false
    /// What comes after the transport's header; for what has none that is known, after the IP header.
    private(set) var payloadLength: Int

    init(_ packet: InternetPacket, isSegmented: Bool) throws(Anomaly) {
        let content = packet.content
        payloadLength = content.count
        if case .later = packet.fragment { return }
        let isWhole = packet.fragment == .none
        guard let minimum = Self.minimumLength(packet.protocolNumber, packet.version) else { return }

        // RFC 791 §3.2: every fragment but the last carries a multiple of eight octets.
        let needed = isWhole ? minimum : min(minimum, 8)
        guard content.count >= needed else { throw .malformed }
        if isWhole, !isSegmented, !Self.hasRightLength(packet) { throw .malformed }
        payloadLength -= needed
        takePorts(content, isICMP: [1, 58].contains(packet.protocolNumber))
        guard packet.protocolNumber == 6 else { return }
        hidesTCPFlags = content.count < 14
        if !hidesTCPFlags { tcpControlBits = UInt16(content.number(at: 12, length: 2)) & 0xfff }
        if isWhole { try takeTCPLength(content) }
    }

    /// The shortest header by protocol; nil where no header of that protocol is known in that version of IP.
    private static func minimumLength(_ number: UInt8, _ version: IPVersion) -> Int? {
        switch (number, version) {
        case (6, _): 20  // TCP, RFC 9293 §3.1
        case (17, _), (136, _): 8  // UDP, RFC 768; UDP-Lite, RFC 3828 §3.1
        case (132, _): 12  // SCTP, RFC 9260 §3.1
        case (33, _): 12  // DCCP, RFC 4340 §5.1
        case (1, .v4): 8  // ICMP, RFC 792
        case (58, .v6): 4  // ICMPv6, RFC 4443 §2.1
        default: nil
        }
    }

    /// RFC 768: the length of header and data; 0 in IPv6 for what is longer than the field says (RFC 2675 §4). RFC 3828 §3.1: how
    /// much of the packet the checksum covers, 0 for all of it.
    private static func hasRightLength(_ packet: InternetPacket) -> Bool {
        guard [17, 136].contains(packet.protocolNumber) else { return true }
        let length = Int(packet.content.number(at: 4, length: 2))
        if length == 0 { return packet.protocolNumber == 136 || packet.version == .v6 }
        return length >= 8 && length <= packet.content.count
    }

    private mutating func takePorts(_ content: ArraySlice<UInt8>, isICMP: Bool) {
        let width = isICMP ? 1 : 2
        sourcePort = UInt16(content.number(at: 0, length: width))
        destinationPort = UInt16(content.number(at: width, length: width))
    }

    private mutating func takeTCPLength(_ content: ArraySlice<UInt8>) throws(Anomaly) {
        let length = Int(content.number(at: 12, length: 1) >> 4) * 4
        guard (20...content.count).contains(length) else { throw .malformed }
        payloadLength = content.count - length
    }
}
