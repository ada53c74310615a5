// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension LineWriter {
    /// Eight groups of four digits with colons between; a mapped IPv4 address is shorter.
    static let longestAddress = 39
    static let longestMAC = 17

    /// Dotted decimal, or the one text that RFC 5952 §4 allows for an IPv6 address.
    @inline(__always)
    mutating func address(_ address: IPAddress) {
        switch address.version {
        case .v4: dottedDecimal(address.low)
        case .v6: ipv6(address)
        }
    }

    /// All four numbers are taken apart at once, 16 bits for each.
    @inline(__always)
    private mutating func dottedDecimal(_ address: UInt64) {
        let lanes = address >> 24 & 0xFF | address & 0xFF_0000 | (address & 0xFF00) << 24 | (address & 0xFF) << 48
        let hundreds = (lanes &* 41) >> 12 & 0x000F_000F_000F_000F
        let rest = lanes &- hundreds &* 100
        let tens = (rest &* 103) >> 10 & 0x000F_000F_000F_000F
        let ones = rest &- tens &* 10
        let firstTwo = hundreds | tens << 8
        number(firstTwo, ones)
        number(firstTwo >> 16, ones >> 16)
        number(firstTwo >> 32, ones >> 32)
        number(firstTwo >> 48, ones >> 48)
        back(1)
    }

    /// A number of up to three digits, and a dot.
    @inline(__always)
    private mutating func number(_ firstTwo: UInt64, _ one: UInt64) {
        let digits = UInt32(truncatingIfNeeded: firstTwo & 0x0F0F | (one & 0xF) << 16)
        let zeros = (digits & 0xFFFF | 1 << 16).trailingZeroBitCount & ~7
        store((digits | 0x2E30_3030) >> UInt32(zeros), count: 4 - zeros / 8)
    }

    private mutating func ipv6(_ address: IPAddress) {
        if address.isMappedV4 {
            text("::ffff:")
            return dottedDecimal(address.low)
        }
        let zeros = address.longestZeroRun
        if zeros.isEmpty {
            groups(of: address, 0..<8)
            return back(1)
        }
        groups(of: address, 0..<zeros.lowerBound)
        // The group before has written the first colon.
        if zeros.lowerBound == 0 { byte(UInt8(ascii: ":")) }
        byte(UInt8(ascii: ":"))
        groups(of: address, zeros.upperBound..<8)
        if zeros.upperBound < 8 { back(1) }
    }

    /// Groups of up to four digits, each with a colon behind it.
    @inline(__always)
    private mutating func groups(of address: IPAddress, _ range: Range<Int>) {
        var index = range.lowerBound
        while index < range.upperBound {
            // Not by `group`, which is a call into another module.
            let half = index < 4 ? address.high : address.low
            let digits = hexadecimalDigits(UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index & 3))))
            let zeros = (digits & 0x00FF_FFFF | 1 << 24).trailingZeroBitCount & ~7
            store((UInt64(asciiHexadecimal(digits)) | 0x3A << 32) >> UInt64(zeros), count: 5 - zeros / 8)
            index += 1
        }
    }

    /// Six pairs of lower-case hexadecimal digits with colons between.
    mutating func mac(_ address: MACAddress) {
        for pair in 0..<3 {
            let bytes = UInt16(truncatingIfNeeded: address.bits >> UInt64(32 - 16 * pair))
            let digits = UInt64(asciiHexadecimal(hexadecimalDigits(bytes)))
            store(digits & 0xFFFF | 0x3A << 16 | (digits >> 16) << 24 | 0x3A << 40, count: 6)
        }
        back(1)
    }
}

/// The four digits of the number, a byte each, the first one lowest.
@inline(__always)
private func hexadecimalDigits(_ value: UInt16) -> UInt32 {
    let pairs = (UInt32(value) << 16 | UInt32(value) >> 8) & 0x00FF_00FF
    return (pairs >> 4 | pairs << 8) & 0x0F0F_0F0F
}

/// Lower case: letters lie 39 further than digits.
@inline(__always)
private func asciiHexadecimal(_ digits: UInt32) -> UInt32 {
    digits &+ 0x3030_3030 &+ ((digits &+ 0x0606_0606) >> 4 & 0x0101_0101) &* 39
}

/// The digit of the lower four bits.
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    let nibble = value & 0xF
    return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}

extension [UInt8] {
    /// Appends dotted decimal, or the one text that RFC 5952 §4 allows for an IPv6 address.
    package mutating func appendAddress(_ address: IPAddress) {
        appendLine(longest: LineWriter.longestAddress) { $0.address(address) }
    }

    /// Appends an Ethernet address as six pairs of lower-case hexadecimal digits with colons between.
    package mutating func appendMAC(_ address: MACAddress) {
        appendLine(longest: LineWriter.longestMAC) { $0.mac(address) }
    }
}
