// SPDX-License-Identifier: Apache-2.0

package enum IPVersion: UInt8, Sendable, BitwiseCopyable {
    case v4 = 4
    case v6 = 6
}

/// An IPv4 or IPv6 address, as a number: the most significant bit is the first on the wire.
package struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    /// The upper 64 bits of an IPv6 address; 0 for IPv4.
    package var high: UInt64
    /// The lower 64 bits of an IPv6 address; the 32 bits of an IPv4 address.
    package var low: UInt64
    /// Last, so that what follows an address in a key fills the gap behind it.
    package var version: IPVersion

    package init(v4 address: UInt32) {
        version = .v4
        high = 0
        low = UInt64(address)
    }

    package init(v6High high: UInt64, low: UInt64) {
        version = .v6
        self.high = high
        self.low = low
    }

    /// The eight 16-bit groups of an IPv6 address, first on the wire first.
    package func group(_ index: Int) -> UInt16 {
        let half = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index % 4)))
    }

    /// The four bytes of an IPv4 address, first on the wire first.
    package func byte(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * index))
    }
}

extension IPAddress {
    /// Reads dotted decimal or RFC 4291 §2.2 text; nil where it is neither. No zones, no prefix lengths.
    package init?(_ text: some StringProtocol) {
        if text.contains(":") {
            guard let groups = Self.groups(of: text) else { return nil }
            let halves = groups.reduce(into: (high: UInt64(0), low: UInt64(0))) { halves, group in
                halves.high = halves.high << 16 | halves.low >> 48
                halves.low = halves.low << 16 | UInt64(group)
            }
            self.init(v6High: halves.high, low: halves.low)
        } else {
            guard let address = Self.dottedDecimal(text) else { return nil }
            self.init(v4: address)
        }
    }

    private static func dottedDecimal(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard part.count <= 3, part.allSatisfy(\.isASCIIDigit), let byte = UInt8(part) else { return nil }
            if part.count > 1, part.first == "0" { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }

    private static func groups(of text: some StringProtocol) -> [UInt16]? {
        let halves = splitAtDoubleColon(String(text))
        guard let front = plainGroups(halves.front, mayEndInV4: halves.back == nil) else { return nil }
        guard let backText = halves.back else { return front.count == 8 ? front : nil }
        guard let back = plainGroups(backText, mayEndInV4: true), front.count + back.count < 8 else { return nil }
        return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    }

    private static func splitAtDoubleColon(_ text: String) -> (front: Substring, back: Substring?) {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" {
                return (text[..<index], text[text.index(after: next)...])
            }
            index = next
        }
        return (text[...], nil)
    }

    private static func plainGroups(_ text: Substring, mayEndInV4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInV4, index == parts.count - 1, part.contains("."), let v4 = dottedDecimal(part) {
                groups += [UInt16(v4 >> 16), UInt16(truncatingIfNeeded: v4)]
            } else if (1...4).contains(part.count), part.allSatisfy(\.isHexDigit), let group = UInt16(part, radix: 16) {
                groups.append(group)
            } else {
                return nil
            }
        }
        return groups
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or RFC 5952 text. Allocates: not for the record path.
    package var description: String {
        switch version {
        case .v4: dottedDecimalDescription
        case .v6: isMappedV4 ? "::ffff:" + dottedDecimalDescription : ipv6Description
        }
    }

    /// Whether this is an IPv4 address in IPv6 clothes, ::ffff:0:0/96 (RFC 4291 §2.5.5.2), which RFC 5952 §5 writes
    /// with its last 32 bits in dotted decimal.
    package var isMappedV4: Bool { version == .v6 && high == 0 && low >> 32 == 0xFFFF }

    private var dottedDecimalDescription: String {
        (0..<4).map { "\(byte($0))" }.joined(separator: ".")
    }

    private var ipv6Description: String {
        let zeros = longestZeroRun
        let hex = (0..<8).map { String(group($0), radix: 16) }
        guard !zeros.isEmpty else { return hex.joined(separator: ":") }
        return hex[..<zeros.lowerBound].joined(separator: ":") + "::" + hex[zeros.upperBound...].joined(separator: ":")
    }

    /// The groups that RFC 5952 §4.2 shortens to `::`: the first longest run of two zero groups or more.
    package var longestZeroRun: Range<Int> {
        var starts: UInt32 = 0
        for index in 0..<8 where group(index) == 0 { starts |= 1 << UInt32(index) }
        // A bit stays for as many turns as zero groups follow from it on.
        var last = starts
        var length = 0
        while starts != 0 {
            last = starts
            length += 1
            starts &= starts >> 1
        }
        return length < 2 ? 0..<0 : last.trailingZeroBitCount..<last.trailingZeroBitCount + length
    }
}
