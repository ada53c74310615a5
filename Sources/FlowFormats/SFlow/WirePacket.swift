// SPDX-License-Identifier: Apache-2.0

/// Tag control information (IEEE 802.1Q).
package struct VLANTag: Equatable, Sendable {
    package let bits: UInt16

    package init(bits: UInt16) { self.bits = bits }

    package var id: UInt16 { bits & 0x0fff }
    package var priority: UInt16 { bits >> 13 }
}

/// The beginning of a packet as it was on the wire, and how long it was there. It is made of what a hook of the kernel sees: a frame whose tag
/// may lie beside it, and which may be many packets that the kernel has not cut yet, or has put together.
package struct WirePacket: Equatable, Sendable {
    /// From the Ethernet header on.
    package private(set) var header: [UInt8]
    /// Of the packet, without its check sequence.
    package private(set) var length: UInt32
    /// The outermost tag.
    package private(set) var tag: VLANTag?

    /// What a sample has of a packet at most.
    package static let mostBytes = 128

    /// - Parameters:
    ///   - bytes: the beginning of the frame.
    ///   - length: of the whole frame.
    ///   - tag: of the frame, where it lies beside it.
    ///   - segment: the payload of one packet, where the frame is several of which this is the first; 0: it is one.
    package init(_ bytes: [UInt8], length: UInt32, tag: VLANTag? = nil, segment: UInt16 = 0) {
        header = bytes
        self.length = length
        if segment > 0 { cut(to: UInt32(segment)) }
        if let tag { put(tag) }
        self.tag = tag ?? Layers(header).tag
        if header.count > Self.mostBytes { header.removeSubrange(Self.mostBytes...) }
    }

    /// Makes it the first of the packets that the frame is. Where its headers are not known or not all here, its length is that of the payload.
    private mutating func cut(to segment: UInt32) {
        let layers = Layers(header)
        let headers = layers.payload.map { UInt32($0) } ?? 0
        guard headers + segment < length else { return }
        length = headers + segment
        guard let ip = layers.ip, let payload = layers.payload else { return }
        let end = payload + Int(segment)
        if layers.isIPv6 {
            set(end - ip - Layers.ipv6Length, at: ip + 4)
        } else {
            set(end - ip, at: ip + 2)
            sum(ip..<layers.transport)
        }
        if layers.isUDP { set(end - layers.transport, at: layers.transport + 4) }
    }

    private mutating func set(_ value: Int, at place: Int) {
        header[place] = UInt8(truncatingIfNeeded: value >> 8)
        header[place + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// The checksum of an IPv4 header (RFC 791, 3.1).
    private mutating func sum(_ range: Range<Int>) {
        set(0, at: range.lowerBound + 10)
        var sum = stride(from: range.lowerBound, to: range.upperBound, by: 2).reduce(0) {
            $0 + Int(header[$1]) << 8 + Int(header[$1 + 1])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        set(~sum & 0xffff, at: range.lowerBound + 10)
    }

    private mutating func put(_ tag: VLANTag) {
        guard header.count >= Layers.addresses else { return }
        let type = Layers.vlanTypes[0]
        let bytes = [type >> 8, type, tag.bits >> 8, tag.bits].map { UInt8(truncatingIfNeeded: $0) }
        header.insert(contentsOf: bytes, at: Layers.addresses)
        length += UInt32(bytes.count)
    }
}

/// Where the headers of a frame begin. Nothing that a frame says is trusted beyond its bytes.
private struct Layers {
    private(set) var tag: VLANTag?
    private(set) var ip: Int?
    private(set) var isIPv6 = false
    private(set) var isUDP = false
    /// Behind the IP header and its extensions.
    private(set) var transport = 0
    /// Behind the header of TCP or UDP; nil where there is none, or it is not here whole.
    private(set) var payload: Int?

    /// Of an Ethernet header, both addresses.
    static let addresses = 12
    /// 802.1Q, 802.1ad.
    static let vlanTypes: [UInt16] = [0x8100, 0x88a8]
    static let ipv6Length = 40
    private static let mostTags = 2
    private static let mostExtensions = 8

    init(_ frame: [UInt8]) {
        var place = Self.addresses
        var tags = 0
        while let type = frame.word(at: place), Self.vlanTypes.contains(type), tags < Self.mostTags {
            if let bits = frame.word(at: place + 2) { tag = tag ?? VLANTag(bits: bits) }
            place += 4
            tags += 1
        }
        switch frame.word(at: place) {
        case 0x0800: findIPv4(frame, place + 2)
        case 0x86dd: findIPv6(frame, place + 2)
        default: break
        }
    }

    private mutating func findIPv4(_ frame: [UInt8], _ start: Int) {
        guard let first = frame.byte(at: start), first >> 4 == 4, let transportProtocol = frame.byte(at: start + 9)
        else { return }
        let length = Int(first & 15) * 4
        guard length >= 20, start + length <= frame.count else { return }
        ip = start
        findPayload(frame, start + length, transportProtocol)
    }

    /// Extensions: RFC 8200, 4.
    private mutating func findIPv6(_ frame: [UInt8], _ start: Int) {
        guard let first = frame.byte(at: start), first >> 4 == 6, var next = frame.byte(at: start + 6) else { return }
        var place = start + Self.ipv6Length
        for _ in 0..<Self.mostExtensions where [0, 43, 60].contains(next) {
            guard let following = frame.byte(at: place), let length = frame.byte(at: place + 1) else { return }
            next = following
            place += 8 + Int(length) * 8
        }
        guard place <= frame.count else { return }
        (ip, isIPv6) = (start, true)
        findPayload(frame, place, next)
    }

    private mutating func findPayload(_ frame: [UInt8], _ start: Int, _ transportProtocol: UInt8) {
        transport = start
        switch transportProtocol {
        case 6:
            guard let offset = frame.byte(at: start + 12), offset >> 4 >= 5 else { return }
            payload = start + Int(offset >> 4) * 4
        case 17:
            guard frame.count >= start + 8 else { return }
            isUDP = true
            payload = start + 8
        default: break
        }
    }
}

extension [UInt8] {
    fileprivate func byte(at place: Int) -> UInt8? { indices.contains(place) ? self[place] : nil }

    fileprivate func word(at place: Int) -> UInt16? {
        guard let high = byte(at: place), let low = byte(at: place + 1) else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }
}
