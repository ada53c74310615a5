// SPDX-License-Identifier: Apache-2.0

/// Parquet's hybrid of runs and bit-packed groups (Encodings.md, RLE = 3). Values are packed from the least significant bit on.
enum RunLengthEncoding {
    /// From so many equal values on a run is shorter.
    private static let leastRun = 16

    /// Bits that hold every number up to that one.
    static func bitWidth(upTo largest: Int) -> Int { Int.bitWidth - largest.leadingZeroBitCount }

    /// Appends the values, each of so many bits.
    static func append(_ values: ArraySlice<UInt32>, bitWidth: Int, to bytes: inout [UInt8]) {
        // Where the group of literals begins that is not written yet.
        var literals = values.startIndex
        var index = values.startIndex
        while index < values.endIndex {
            var end = index + 1
            while end < values.endIndex, values[end] == values[index] { end += 1 }
            // A group has a multiple of eight values; the run gives the literals before it what they lack.
            let missing = (8 - (index - literals) % 8) % 8
            if end - index - missing >= leastRun
                || (end == values.endIndex && end - index > missing && index == literals)
            {
                appendGroups(values[literals..<index + missing], bitWidth, to: &bytes)
                appendRun(end - index - missing, of: values[index], bitWidth, to: &bytes)
                literals = end
            }
            index = end
        }
        appendGroups(values[literals...], bitWidth, to: &bytes)
    }

    static func appendRun(_ count: Int, of value: UInt32, _ bitWidth: Int, to bytes: inout [UInt8]) {
        appendVarint(UInt64(count) << 1, to: &bytes)
        for byte in 0..<(bitWidth + 7) / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * byte))) }
    }

    /// The last group is filled up with zeros.
    private static func appendGroups(_ values: ArraySlice<UInt32>, _ bitWidth: Int, to bytes: inout [UInt8]) {
        guard !values.isEmpty else { return }
        let groups = (values.count + 7) / 8
        appendVarint(UInt64(groups) << 1 | 1, to: &bytes)
        var bits: UInt64 = 0
        var count = 0
        for value in values {
            bits |= UInt64(value) << UInt64(count)
            count += bitWidth
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
                count -= 8
            }
        }
        // Whole bytes for each group: eight values of any width are so.
        let filled = groups * 8 - values.count
        count += filled * bitWidth
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            count -= 8
        }
    }

    private static func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Reads so many values. Throws where the bytes end before.
    static func read(_ count: Int, bitWidth: Int, from bytes: ArraySlice<UInt8>) throws(ParquetError) -> [UInt32] {
        guard bitWidth <= 32 else { throw .damaged("a page has indices of \(bitWidth) bits") }
        var values: [UInt32] = []
        values.reserveCapacity(count)
        var position = bytes.startIndex
        while values.count < count {
            let head = try readVarint(bytes, &position)
            let left = count - values.count
            if head & 1 == 0 {
                var value: UInt32 = 0
                for byte in 0..<(bitWidth + 7) / 8 {
                    guard position < bytes.endIndex else { throw .damaged("a page is cut") }
                    value |= UInt32(bytes[position]) << UInt32(8 * byte)
                    position += 1
                }
                guard head >> 1 > 0 else { throw .damaged("a page has an empty run") }
                values.append(contentsOf: repeatElement(value, count: Int(clamping: min(head >> 1, UInt64(left)))))
            } else {
                try readGroups(head >> 1, bitWidth, bytes, &position, count, into: &values)
            }
        }
        return values
    }

    private static func readGroups(
        _ groups: UInt64, _ bitWidth: Int, _ bytes: ArraySlice<UInt8>, _ position: inout Int, _ most: Int,
        into values: inout [UInt32]
    ) throws(ParquetError) {
        let (length, overflows) = groups.multipliedReportingOverflow(by: UInt64(bitWidth))
        guard groups > 0, !overflows, length <= UInt64(bytes.endIndex - position) else {
            throw .damaged("a page is cut")
        }
        let end = position + Int(length)
        let mask: UInt64 = (1 << UInt64(bitWidth)) - 1
        var bits: UInt64 = 0
        var available = 0
        for _ in 0..<min(groups * 8, UInt64(most - values.count)) {
            while available < bitWidth {
                bits |= UInt64(bytes[position]) << UInt64(available)
                position += 1
                available += 8
            }
            values.append(UInt32(bits & mask))
            bits >>= UInt64(bitWidth)
            available -= bitWidth
        }
        position = end
    }

    private static func readVarint(_ bytes: ArraySlice<UInt8>, _ position: inout Int) throws(ParquetError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard position < bytes.endIndex else { throw .damaged("a page is cut") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damaged("a number of a page has no end")
    }
}
