// SPDX-License-Identifier: Apache-2.0

// Numbers without loops and tables: eight digits at a time, in the bytes of a word, first digit lowest.

/// The digits of a number below 10^8, without leading zeros' removal and without the offset of ASCII.
@inline(__always)
private func eightDigits(_ value: UInt64) -> UInt64 {
    // Halves of four digits, then pairs, then digits; divisions are multiplications, exact in these ranges.
    let halves = value / 10_000 | (value % 10_000) << 32
    let hundreds = (halves &* 10_486) >> 20 & 0x0000_007F_0000_007F
    let pairs = (halves &- hundreds &* 100) << 16 | hundreds
    let tens = (pairs &* 103) >> 10 & 0x000F_000F_000F_000F
    return (pairs &- tens &* 10) << 8 | tens
}

extension LineWriter {
    /// The most bytes that a number can take: 2^64 − 1 has 20 digits, −2^63 has 19 and a sign.
    static let longestDecimal = 20

    @inline(__always)
    mutating func decimal(_ value: UInt64) {
        if value < Self.eight { return upToEight(value) }
        // Times in seconds are here.
        let high = value / Self.eight
        if high >= Self.eight { return longDecimal(value) }
        upToEight(high)
        eight(value - high * Self.eight)
    }

    @inline(__always)
    mutating func decimal(_ value: Int64) {
        if value < 0 { byte(UInt8(ascii: "-")) }
        decimal(value.magnitude)
    }

    private static var eight: UInt64 { 100_000_000 }

    @inline(__always)
    private mutating func upToEight(_ value: UInt64) {
        let digits = eightDigits(value)
        // The last digit stays, also of 0.
        let zeros = (digits | 1 << 56).trailingZeroBitCount & ~7
        store((digits | 0x3030_3030_3030_3030) >> UInt64(zeros), count: 8 - zeros / 8)
    }

    @inline(__always)
    private mutating func eight(_ value: UInt64) { store(eightDigits(value) | 0x3030_3030_3030_3030, count: 8) }

    @inline(never)
    private mutating func longDecimal(_ value: UInt64) {
        let high = value / Self.eight
        upToEight(high / Self.eight)
        eight(high % Self.eight)
        eight(value % Self.eight)
    }
}

extension [UInt8] {
    /// Appends a number in decimal, without sign, leading zeros or separators.
    package mutating func appendDecimal(_ value: some FixedWidthInteger & UnsignedInteger) {
        appendLine(longest: LineWriter.longestDecimal) { $0.decimal(UInt64(value)) }
    }

    /// Appends a number in decimal, with a minus sign where it is negative.
    package mutating func appendDecimal(_ value: Int64) {
        appendLine(longest: LineWriter.longestDecimal) { $0.decimal(value) }
    }
}
