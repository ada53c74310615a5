// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// IANA protocol numbers that an IP or extension header writes; transports are in `TransportNumber`.
package enum NextHeader {
    package static let hopByHop: UInt8 = 0
    package static let ipv4: UInt8 = 4
    package static let ipv6: UInt8 = 41
    package static let routing: UInt8 = 43
    package static let fragment: UInt8 = 44
    package static let gre: UInt8 = 47
    package static let esp: UInt8 = 50
    package static let authentication: UInt8 = 51
    package static let none: UInt8 = 59
    package static let destinationOptions: UInt8 = 60
}

extension Layer {
    /// An IPv4 header (RFC 791 §3.1). Options are that many bytes of No Operation, a multiple of four;
    /// the fragment offset is in bytes, a multiple of eight.
    package static func ipv4(
        from source: IPAddress = "10.0.0.1", to destination: IPAddress = "10.0.0.2", tos: UInt8 = 0, id: UInt16 = 0,
        options: Int = 0, fragmentOffset: Int = 0, moreFragments: Bool = false, dontFragment: Bool = false,
        timeToLive: UInt8 = 64, protocol number: UInt8? = nil, version: UInt8 = 4, ihl: Int? = nil,
        totalLength: Int? = nil
    ) -> Layer {
        precondition(options % 4 == 0 && fragmentOffset % 8 == 0)
        let flags: UInt16 = (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0)
        return Layer(
            IPv4Header(
                source: source, destination: destination, tos: tos, id: id, options: options,
                fragment: flags | UInt16(fragmentOffset / 8), timeToLive: timeToLive, number: number, version: version,
                ihl: ihl, totalLength: totalLength))
    }

    /// An IPv6 header (RFC 8200 §3).
    package static func ipv6(
        from source: IPAddress = "2001:db8::1", to destination: IPAddress = "2001:db8::2", trafficClass: UInt8 = 0,
        flowLabel: UInt32 = 0, hopLimit: UInt8 = 64, nextHeader: UInt8? = nil, version: UInt8 = 6,
        payloadLength: Int? = nil
    ) -> Layer {
        let first = UInt32(version) << 28 | UInt32(trafficClass) << 20 | flowLabel & 0xfffff
        return Layer(
            IPv6Header(
                source: source, destination: destination, first: first, hopLimit: hopLimit, number: nextHeader,
                payloadLength: payloadLength))
    }
}

private struct IPv4Header: InternetHeader {
    let source: IPAddress
    let destination: IPAddress
    let tos: UInt8
    let id: UInt16
    let options: Int
    let fragment: UInt16
    let timeToLive: UInt8
    let number: UInt8?
    let version: UInt8
    let ihl: Int?
    let totalLength: Int?

    var etherType: UInt16? { EtherType.ipv4 }
    var protocolNumber: UInt8? { NextHeader.ipv4 }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        let length = 20 + options
        var bytes: [UInt8] = [version << 4 | UInt8(ihl ?? length / 4), tos]
        bytes.append(big: UInt16(totalLength ?? length + surroundings.payload.count))
        bytes.append(big: id)
        bytes.append(big: fragment)
        bytes += [timeToLive, number ?? surroundings.next?.protocolNumber ?? NextHeader.none, 0, 0]
        bytes += source.wireBytes + destination.wireBytes
        bytes += Array(repeating: 1, count: options)
        bytes.write(big: internetChecksum(of: bytes), at: 10)
        return bytes
    }
}

private struct IPv6Header: InternetHeader {
    let source: IPAddress
    let destination: IPAddress
    /// Version, traffic class and flow label.
    let first: UInt32
    let hopLimit: UInt8
    let number: UInt8?
    let payloadLength: Int?

    var etherType: UInt16? { EtherType.ipv6 }
    var protocolNumber: UInt8? { NextHeader.ipv6 }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: first)
        bytes.append(big: UInt16(payloadLength ?? surroundings.payload.count))
        bytes += [number ?? surroundings.next?.protocolNumber ?? NextHeader.none, hopLimit]
        return bytes + source.wireBytes + destination.wireBytes
    }
}
