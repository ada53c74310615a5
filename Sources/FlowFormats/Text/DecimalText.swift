// SPDX-License-Identifier: Apache-2.0

extension OutputSpan<UInt8> {
    /// The most bytes that a decimal can take: 2^64 − 1 has 20 digits.
    static var longestDecimal: Int { 20 }

    /// Two digits a division: the long divisions are what this costs.
    mutating func appendDecimal(_ value: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
        var first = Self.longestDecimal
        var rest = value
        while rest >= 10 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            let (tens, ones) = UInt32(truncatingIfNeeded: pair).quotientAndRemainder(dividingBy: 10)
            digits[first - 1] += UInt8(truncatingIfNeeded: ones)
            digits[first - 2] += UInt8(truncatingIfNeeded: tens)
            first -= 2
            rest = quotient
        }
        if rest > 0 || first == Self.longestDecimal {
            first -= 1
            digits[first] += UInt8(truncatingIfNeeded: rest)
        }
        for index in first..<Self.longestDecimal { append(digits[index]) }
    }

    mutating func appendDecimal(_ value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        appendDecimal(value.magnitude)
    }
}

extension [UInt8] {
    /// Appends a number in decimal, without sign, leading zeros or separators.
    package mutating func appendDecimal(_ value: some FixedWidthInteger & UnsignedInteger) {
        append(addingCapacity: OutputSpan<UInt8>.longestDecimal) { $0.appendDecimal(UInt64(value)) }
    }

    /// Appends a number in decimal, with a minus sign where it is negative.
    package mutating func appendDecimal(_ value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        appendDecimal(value.magnitude)
    }
}
