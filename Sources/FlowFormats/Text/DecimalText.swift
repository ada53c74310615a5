// SPDX-License-Identifier: Apache-2.0

extension OutputSpan<UInt8> {
    /// The most bytes that a decimal can take: 2^64 − 1 has 20 digits.
    static var longestDecimal: Int { 20 }

    mutating func appendDecimal(_ value: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = Self.longestDecimal
        var rest = value
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest > 0
        while first < Self.longestDecimal {
            append(digits[first])
            first += 1
        }
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
