// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension [UInt8] {
    /// Appends dotted decimal, or the one text that RFC 5952 §4 allows for an IPv6 address.
    package mutating func appendAddress(_ address: IPAddress) {
        append(addingCapacity: OutputSpan<UInt8>.longestAddress) { $0.appendAddress(address) }
    }

    /// Appends an Ethernet address as six pairs of lower-case hexadecimal digits with colons between.
    package mutating func appendMAC(_ address: MACAddress) {
        for index in 0..<6 {
            if index > 0 { append(UInt8(ascii: ":")) }
            append(hexadecimalDigit(address.byte(index) >> 4))
            append(hexadecimalDigit(address.byte(index)))
        }
    }
}

extension OutputSpan<UInt8> {
    /// Eight groups of four digits with colons between; a mapped IPv4 address is shorter.
    static var longestAddress: Int { 39 }

    mutating func appendAddress(_ address: IPAddress) {
        switch address.version {
        case .v4: appendDottedDecimal(UInt32(truncatingIfNeeded: address.low))
        case .v6 where address.isMappedV4:
            appendText("::ffff:")
            appendDottedDecimal(UInt32(truncatingIfNeeded: address.low))
        case .v6: appendGroups(of: address)
        }
    }

    private mutating func appendDottedDecimal(_ address: UInt32) {
        var shift: UInt32 = 24
        while true {
            appendByte(UInt8(truncatingIfNeeded: address >> shift))
            if shift == 0 { return }
            append(UInt8(ascii: "."))
            shift -= 8
        }
    }

    private mutating func appendByte(_ byte: UInt8) {
        if byte >= 100 { append(UInt8(ascii: "0") + byte / 100) }
        if byte >= 10 { append(UInt8(ascii: "0") + byte / 10 % 10) }
        append(UInt8(ascii: "0") + byte % 10)
    }

    private mutating func appendGroups(of address: IPAddress) {
        let zeros = address.longestZeroRun
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, !zeros.isEmpty {
                appendText("::")
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound || zeros.isEmpty { append(UInt8(ascii: ":")) }
            appendHexadecimal(address.group(index))
            index += 1
        }
    }

    private mutating func appendHexadecimal(_ group: UInt16) {
        if group >= 0x1000 { append(hexadecimalDigit(UInt8(truncatingIfNeeded: group >> 12))) }
        if group >= 0x100 { append(hexadecimalDigit(UInt8(truncatingIfNeeded: group >> 8))) }
        if group >= 0x10 { append(hexadecimalDigit(UInt8(truncatingIfNeeded: group >> 4))) }
        append(hexadecimalDigit(UInt8(truncatingIfNeeded: group)))
    }
}

/// The digit of the lower four bits.
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    let nibble = value & 0xF
    return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}
