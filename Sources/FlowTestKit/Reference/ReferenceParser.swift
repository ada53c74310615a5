// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

/// Reads a frame as the RFCs and the contract in `weir_abi.h` have it, with no thought of speed.
///
/// Written from the standards, not from the programs: where both agree, both are probably right.
package enum ReferenceParser {
    /// What must become of one frame, taken alone: a later fragment is left without its flow's ports.
    ///
    /// - Parameters:
    ///   - gsoSize: payload of one segment, 0 where the frame is one packet on the wire.
    ///   - segments: how many segments the frame is, 0 where that is not known.
    ///   - vlanTag: control information of the outermost tag where it is not in the bytes.
    package static func classify(
        _ frame: [UInt8], gsoSize: Int = 0, segments: Int = 0, vlanTag: UInt16? = nil
    ) -> Expected {
        let link = LinkHeaders(frame, vlanTag: vlanTag)
        var expected = Expected(
            kind: .ip, count: PacketCount(packets: 1, octets: UInt64(link.rest.count)), sourceMAC: link.source,
            destinationMAC: link.destination)
        do {
            let packet = try InternetPacket(link, isSegmented: gsoSize > 0)
            let transport = try TransportPart(packet, isSegmented: gsoSize > 0)
            expected.flow = FlowIdentity(link, packet, transport)
            expected.fragment = packet.fragment
            expected.fragmentProtocol = packet.fragmentProtocol
            expected.hidesTCPFlags = transport.hidesTCPFlags
            expected.tcpControlBits = transport.tcpControlBits
            expected.dscp = packet.dscp
            expected.timeToLive = packet.timeToLive
            expected.count = wireCount(packet, transport, gsoSize: gsoSize, segments: segments)
        } catch {
            expected.kind = error.kind
        }
        return expected
    }

    /// Each segment carries all headers before the transport's payload again.
    private static func wireCount(
        _ packet: InternetPacket, _ transport: TransportPart, gsoSize: Int, segments: Int
    ) -> PacketCount {
        guard gsoSize > 0 else { return PacketCount(packets: 1, octets: UInt64(packet.length)) }
        let needed = (transport.payloadLength + gsoSize - 1) / gsoSize
        let packets = segments > 0 ? segments : max(needed, 1)
        let headers = packet.length - transport.payloadLength
        return PacketCount(packets: UInt64(packets), octets: UInt64(packet.length + (packets - 1) * headers))
    }
}

/// Why a frame has no flow.
enum Anomaly: Error {
    case notIP
    case malformed
    case truncated
    case beyondLimits

    var kind: Expected.Kind {
        switch self {
        case .notIP: .notIP
        case .malformed: .malformed
        case .truncated: .truncated
        case .beyondLimits: .beyondLimits
        }
    }
}

extension FlowIdentity {
    fileprivate init(_ link: LinkHeaders, _ packet: InternetPacket, _ transport: TransportPart) {
        let orphan = if case .later = packet.fragment { true } else { false }
        self.init(
            vlanID: link.vlanIDs.first ?? 0, innerVLANID: link.vlanIDs.dropFirst().first ?? 0,
            transport: packet.protocolNumber, source: packet.source, destination: packet.destination,
            sourcePort: transport.sourcePort, destinationPort: transport.destinationPort, isFragmentWithoutFlow: orphan)
    }
}

/// Ethernet and up to three IEEE 802.1Q tags, customer's or service provider's.
struct LinkHeaders {
    private(set) var source = MACAddress(0)
    private(set) var destination = MACAddress(0)
    /// Outermost first.
    private(set) var vlanIDs: [UInt16]
    /// nil where the frame ends before it.
    private(set) var etherType: UInt16?
    /// From where an IP header would be to the end of the frame.
    private(set) var rest: ArraySlice<UInt8>

    init(_ frame: [UInt8], vlanTag: UInt16?) {
        vlanIDs = vlanTag.map { [$0 & 0xfff] } ?? []
        rest = frame.dropFirst(14)
        guard frame.count >= 14 else { return }
        destination = MACAddress(frame[...].number(at: 0, length: 6))
        source = MACAddress(frame[...].number(at: 6, length: 6))
        etherType = UInt16(frame[...].number(at: 12, length: 2))
        while let type = etherType, [0x8100, 0x88a8].contains(type), vlanIDs.count < 3 { takeTag() }
    }

    private mutating func takeTag() {
        guard rest.count >= 4 else {
            etherType = nil
            return
        }
        vlanIDs.append(UInt16(rest.number(at: 0, length: 2)) & 0xfff)
        etherType = UInt16(rest.number(at: 2, length: 2))
        rest = rest.dropFirst(4)
    }
}

extension ArraySlice<UInt8> {
    /// A number in network order, its offset counted from the slice's own beginning.
    func number(at offset: Int, length: Int) -> UInt64 {
        dropFirst(offset).prefix(length).reduce(0) { $0 << 8 | UInt64($1) }
    }

    func ipAddress(at offset: Int, version: IPVersion) -> IPAddress {
        switch version {
        case .v4: IPAddress(v4: UInt32(number(at: offset, length: 4)))
        case .v6: IPAddress(v6High: number(at: offset, length: 8), low: number(at: offset + 8, length: 8))
        }
    }
}
