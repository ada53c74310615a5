// SPDX-License-Identifier: Apache-2.0

/// What a tunnel and an account need to know of a frame: how long its packet is, and which connection it belongs to.
///
/// The frame is as it was on the wire, or its beginning. Nothing that it says is followed beyond its bytes.
struct FrameOutline: Equatable {
    /// From the IP header on, as flow records have them; of what is no IP packet all behind the Ethernet header and its tags.
    private(set) var octets: UInt64
    /// The same for both directions of a connection, and for all that is no IP packet.
    private(set) var hash: UInt32 = 0

    private static let mostTags = 2

    /// - Parameter length: of the whole frame.
    init(_ bytes: [UInt8], length: UInt32) {
        let (type, start) = Self.network(bytes)
        octets = UInt64(max(0, Int(length) - start))
        switch type {
        case 0x0800: takeIPv4(bytes, at: start)
        case 0x86DD: takeIPv6(bytes, at: start)
        default: break
        }
    }

    /// The type of what the frame carries, and where that begins.
    private static func network(_ bytes: [UInt8]) -> (type: UInt16?, start: Int) {
        var place = 12
        for _ in 0...mostTags {
            guard let type = bytes.halfWord(at: place) else { return (nil, place + 2) }
            place += 2
            guard type == 0x8100 || type == 0x88A8 else { return (type, place) }
            place += 2
        }
        return (nil, place)
    }

    private mutating func takeIPv4(_ bytes: [UInt8], at start: Int) {
        guard bytes.count >= start + 20, bytes[start] >> 4 == 4, let said = bytes.halfWord(at: start + 2) else {
            return
        }
        let header = Int(bytes[start] & 0xF) * 4
        guard header >= 20, said >= header, UInt64(said) <= octets else { return }
        octets = UInt64(said)
        mix(bytes[(start + 12)..<(start + 16)], bytes[(start + 16)..<(start + 20)])
        // A later fragment has no ports; the others of its packet are treated as it is.
        let isFragment = (bytes.halfWord(at: start + 6) ?? 0) & 0x3FFF != 0
        mixPorts(bytes, of: bytes[start + 9], at: isFragment ? nil : start + header)
    }

    private mutating func takeIPv6(_ bytes: [UInt8], at start: Int) {
        guard bytes.count >= start + 40, bytes[start] >> 4 == 6, let said = bytes.halfWord(at: start + 4) else {
            return
        }
        guard UInt64(said) + 40 <= octets else { return }
        octets = UInt64(said) + 40
        mix(bytes[(start + 8)..<(start + 24)], bytes[(start + 24)..<(start + 40)])
        mixPorts(bytes, of: bytes[start + 6], at: start + 40)
    }

    /// Of TCP, UDP and SCTP.
    private mutating func mixPorts(_ bytes: [UInt8], of transport: UInt8, at start: Int?) {
        mix(UInt32(transport))
        guard let start, [6, 17, 132].contains(transport), let source = bytes.halfWord(at: start),
            let destination = bytes.halfWord(at: start + 2)
        else { return }
        mix(UInt32(source ^ destination))
    }

    private mutating func mix(_ source: ArraySlice<UInt8>, _ destination: ArraySlice<UInt8>) {
        for (one, other) in zip(source, destination) { mix(UInt32(one ^ other)) }
    }

    /// FNV-1a.
    private mutating func mix(_ value: UInt32) { hash = (hash ^ value) &* 16_777_619 }
}

extension [UInt8] {
    fileprivate func halfWord(at place: Int) -> UInt16? {
        place + 2 <= count ? UInt16(self[place]) << 8 | UInt16(self[place + 1]) : nil
    }
}
