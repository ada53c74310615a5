// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

/// The control bits of a TCP header (RFC 9293 §3.1); those above CWR are reserved.
package struct TCPFlags: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let fin = TCPFlags(rawValue: 0x001)
    package static let syn = TCPFlags(rawValue: 0x002)
    package static let rst = TCPFlags(rawValue: 0x004)
    package static let psh = TCPFlags(rawValue: 0x008)
    package static let ack = TCPFlags(rawValue: 0x010)
    package static let urg = TCPFlags(rawValue: 0x020)
    package static let ece = TCPFlags(rawValue: 0x040)
    package static let cwr = TCPFlags(rawValue: 0x080)
    /// Accurate ECN.
    package static let ae = TCPFlags(rawValue: 0x100)
    package static let reserved = TCPFlags(rawValue: 0xe00)
}

extension Layer {
    /// A TCP header (RFC 9293 §3.1). Options are that many bytes of No-Operation, a multiple of four.
    package static func tcp(
        from source: UInt16, to destination: UInt16, flags: TCPFlags = [.ack], sequence: UInt32 = 1,
        acknowledgement: UInt32 = 0, window: UInt16 = 65535, options: Int = 0, dataOffset: Int? = nil
    ) -> Layer {
        precondition(options % 4 == 0)
        let offset = UInt16(dataOffset ?? 5 + options / 4)
        return Layer(
            TCPHeader(
                source: source, destination: destination, sequence: sequence, acknowledgement: acknowledgement,
                offsetAndFlags: offset << 12 | flags.rawValue, window: window, options: options))
    }

    /// A UDP header (RFC 768).
    package static func udp(from source: UInt16, to destination: UInt16, length: Int? = nil) -> Layer {
        Layer(UDPHeader(source: source, destination: destination, length: length))
    }

    /// A UDP-Lite header (RFC 3828 §3.1); coverage 0 is the whole packet.
    package static func udpLite(from source: UInt16, to destination: UInt16, coverage: Int = 0) -> Layer {
        Layer(UDPLiteHeader(source: source, destination: destination, coverage: coverage))
    }

    /// The common header of SCTP (RFC 9260 §3.1); chunks are the payload.
    package static func sctp(from source: UInt16, to destination: UInt16, tag: UInt32 = 0) -> Layer {
        Layer(SCTPHeader(source: source, destination: destination, tag: tag))
    }

    /// A DCCP-Data header with short sequence numbers (RFC 4340 §5.1).
    package static func dccp(from source: UInt16, to destination: UInt16) -> Layer {
        Layer(DCCPHeader(source: source, destination: destination))
    }

    /// An ICMP header of eight bytes (RFC 792).
    package static func icmp(type: UInt8, code: UInt8 = 0, rest: UInt32 = 0) -> Layer {
        Layer(ICMPHeader(type: type, code: code, rest: rest))
    }

    /// An ICMPv6 header (RFC 4443 §2.1): four bytes, and four more of the message unless there are none.
    package static func icmpv6(type: UInt8, code: UInt8 = 0, rest: UInt32? = 0) -> Layer {
        Layer(ICMPv6Header(type: type, code: code, rest: rest))
    }
}

private struct TCPHeader: Header {
    let source: UInt16
    let destination: UInt16
    let sequence: UInt32
    let acknowledgement: UInt32
    let offsetAndFlags: UInt16
    let window: UInt16
    let options: Int

    var protocolNumber: UInt8? { TransportNumber.tcp }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: source)
        bytes.append(big: destination)
        bytes.append(big: sequence)
        bytes.append(big: acknowledgement)
        bytes.append(big: offsetAndFlags)
        bytes.append(big: window)
        bytes += [0, 0, 0, 0]
        bytes += Array(repeating: 1, count: options)
        bytes.write(big: surroundings.checksum(of: bytes, protocolNumber: TransportNumber.tcp), at: 16)
        return bytes
    }
}

private struct UDPHeader: Header {
    let source: UInt16
    let destination: UInt16
    let length: Int?

    var protocolNumber: UInt8? { TransportNumber.udp }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: source)
        bytes.append(big: destination)
        bytes.append(big: UInt16(length ?? 8 + surroundings.payload.count))
        bytes += [0, 0]
        let checksum = surroundings.checksum(of: bytes, protocolNumber: TransportNumber.udp)
        // RFC 768: zero means no checksum, so a checksum that is zero is sent as all ones.
        bytes.write(big: checksum == 0 ? 0xffff : checksum, at: 6)
        return bytes
    }
}

private struct UDPLiteHeader: Header {
    let source: UInt16
    let destination: UInt16
    let coverage: Int

    var protocolNumber: UInt8? { TransportNumber.udpLite }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: source)
        bytes.append(big: destination)
        bytes.append(big: UInt16(coverage))
        bytes += [0, 0]
        let checksum = surroundings.checksum(of: bytes, protocolNumber: TransportNumber.udpLite)
        bytes.write(big: checksum == 0 ? 0xffff : checksum, at: 6)
        return bytes
    }
}

private struct SCTPHeader: Header {
    let source: UInt16
    let destination: UInt16
    let tag: UInt32

    var protocolNumber: UInt8? { TransportNumber.sctp }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: source)
        bytes.append(big: destination)
        bytes.append(big: tag)
        let checksum = sctpChecksum(of: bytes + [0, 0, 0, 0] + surroundings.payload)
        bytes.append(big: checksum)
        return bytes
    }
}

private struct DCCPHeader: Header {
    let source: UInt16
    let destination: UInt16

    var protocolNumber: UInt8? { TransportNumber.dccp }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        let dataOffset: UInt8 = 3
        let dataPacket: UInt8 = 2 << 1
        var bytes: [UInt8] = []
        bytes.append(big: source)
        bytes.append(big: destination)
        bytes += [dataOffset, 0, 0, 0, dataPacket, 0, 0, 1]
        bytes.write(big: surroundings.checksum(of: bytes, protocolNumber: TransportNumber.dccp), at: 6)
        return bytes
    }
}

private struct ICMPHeader: Header {
    let type: UInt8
    let code: UInt8
    let rest: UInt32

    var protocolNumber: UInt8? { TransportNumber.icmp }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = [type, code, 0, 0]
        bytes.append(big: rest)
        bytes.write(big: internetChecksum(of: bytes + surroundings.payload), at: 2)
        return bytes
    }
}

private struct ICMPv6Header: Header {
    let type: UInt8
    let code: UInt8
    let rest: UInt32?

    var protocolNumber: UInt8? { TransportNumber.icmpv6 }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = [type, code, 0, 0]
        if let rest { bytes.append(big: rest) }
        bytes.write(big: surroundings.checksum(of: bytes, protocolNumber: TransportNumber.icmpv6), at: 2)
        return bytes
    }
}
