// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

/// The internet layer of a frame: what its IP header and extension headers say.
struct InternetPacket {
    let version: IPVersion
    let source: IPAddress
    let destination: IPAddress
    let dscp: UInt8
    /// IPv6: the hop limit.
    let timeToLive: UInt8
    /// From the IP header on, by the IP header's own word.
    let length: Int
    /// Of the first header that is not an extension; of a later fragment, of the part that was cut.
    private(set) var protocolNumber: UInt8
    private(set) var fragment = FragmentState.none
    /// See `Expected`.
    private(set) var fragmentProtocol: UInt8 = 0
    /// What comes after the IP and extension headers, without padding.
    private(set) var content: ArraySlice<UInt8>

    init(_ link: LinkHeaders, isSegmented: Bool) throws(Anomaly) {
        switch link.etherType {
        case 0x0800: try self.init(ipv4: link.rest, isSegmented: isSegmented)
        case 0x86dd: try self.init(ipv6: link.rest, isSegmented: isSegmented)
        case nil: throw .truncated
        case 0x8100, 0x88a8: throw .beyondLimits
        default: throw .notIP
        }
    }

    /// RFC 791 §3.1.
    private init(ipv4 bytes: ArraySlice<UInt8>, isSegmented: Bool) throws(Anomaly) {
        guard bytes.count >= 20 else { throw .truncated }
        let versionAndIHL = bytes.number(at: 0, length: 1)
        let headerLength = Int(versionAndIHL & 0xf) * 4
        guard versionAndIHL >> 4 == 4, headerLength >= 20 else { throw .malformed }
        let totalLength = Int(bytes.number(at: 2, length: 2))
        length = totalLength == 0 && isSegmented ? bytes.count : totalLength
        guard length >= headerLength else { throw .malformed }
        guard length <= bytes.count else { throw .truncated }

        version = .v4
        source = bytes.ipAddress(at: 12, version: .v4)
        destination = bytes.ipAddress(at: 16, version: .v4)
        dscp = UInt8(bytes.number(at: 1, length: 1)) >> 2
        timeToLive = UInt8(bytes.number(at: 8, length: 1))
        protocolNumber = UInt8(bytes.number(at: 9, length: 1))
        content = bytes.prefix(length).dropFirst(headerLength)

        let id = UInt32(bytes.number(at: 4, length: 2))
        let flagsAndOffset = bytes.number(at: 6, length: 2)
        setFragment(offset: flagsAndOffset & 0x1fff, more: flagsAndOffset & 0x2000 != 0, id: id)
        fragmentProtocol = protocolNumber
        if case .later = fragment { return }
        try takeExtensions(among: [51])
    }

    /// RFC 8200 §3.
    private init(ipv6 bytes: ArraySlice<UInt8>, isSegmented: Bool) throws(Anomaly) {
        guard bytes.count >= 40 else { throw .truncated }
        let versionAndClass = bytes.number(at: 0, length: 2)
        guard versionAndClass >> 12 == 6 else { throw .malformed }
        let payloadLength = Int(bytes.number(at: 4, length: 2))
        length = payloadLength == 0 && isSegmented ? bytes.count : 40 + payloadLength
        guard length <= bytes.count else { throw .truncated }

        version = .v6
        source = bytes.ipAddress(at: 8, version: .v6)
        destination = bytes.ipAddress(at: 24, version: .v6)
        dscp = UInt8(versionAndClass >> 4 & 0xff) >> 2
        timeToLive = UInt8(bytes.number(at: 7, length: 1))
        protocolNumber = UInt8(bytes.number(at: 6, length: 1))
        content = bytes.prefix(length).dropFirst(40)
        try takeExtensions(among: [0, 43, 44, 51, 60])
    }

    /// RFC 8200 §4; RFC 4302 §2, which IPv4 has, too. What follows the header of a later fragment is data, whatever its number.
    private mutating func takeExtensions(among numbers: Set<UInt8>) throws(Anomaly) {
        var taken = 0
        while numbers.contains(protocolNumber), let unit = Self.lengthUnit(ofExtension: protocolNumber) {
            taken += 1
            guard taken <= 8 else { throw .beyondLimits }
            guard content.count >= 8 else { throw .malformed }
            let length = unit.bytes * (Int(content.number(at: 1, length: 1)) * unit.factor + unit.uncounted)
            guard length <= content.count else { throw .malformed }
            let header = content.prefix(length)
            let isFragment = protocolNumber == 44
            protocolNumber = UInt8(header.number(at: 0, length: 1))
            content = content.dropFirst(length)
            guard isFragment else { continue }
            let offsetAndFlags = header.number(at: 2, length: 2)
            let id = UInt32(header.number(at: 4, length: 4))
            setFragment(offset: offsetAndFlags >> 3, more: offsetAndFlags & 1 != 0, id: id)
            if case .later = fragment { return }
        }
    }

    /// How an extension header's length field is read; nil where the number is that of none.
    private static func lengthUnit(ofExtension number: UInt8) -> (bytes: Int, factor: Int, uncounted: Int)? {
        switch number {
        case 0, 43, 60: (bytes: 8, factor: 1, uncounted: 1)
        case 44: (bytes: 8, factor: 0, uncounted: 1)
        case 51: (bytes: 4, factor: 1, uncounted: 2)
        default: nil
        }
    }

    /// A fragment inside the first fragment of another datagram does not change which datagram was cut last.
    private mutating func setFragment(offset: UInt64, more: Bool, id: UInt32) {
        if offset > 0 {
            fragment = .later(id: id)
        } else if more, fragment == .none {
            fragment = .first(id: id)
        }
    }
}
