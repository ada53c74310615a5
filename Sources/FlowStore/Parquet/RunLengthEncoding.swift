// SPDX-License-Identifier: Apache-2.0

/// Parquet's hybrid of runs and bit-packed groups (Encodings.md, RLE = 3). Values are packed from the least significant bit on.
package enum RunLengthEncoding {
    /// From so many equal values on a run is shorter.
    private static let leastRun = 16

    /// Bits that hold every number up to that one.
    static func bitWidth(upTo largest: Int) -> Int { Int.bitWidth - largest.leadingZeroBitCount }

    /// Appends the values, each of so many bits.
    package static func append(_ values: [UInt32], bitWidth: Int, to bytes: inout [UInt8]) {
        append(values.span, bitWidth, to: &bytes)
    }

    private static func append(_ values: Span<UInt32>, _ bitWidth: Int, to bytes: inout [UInt8]) {
        // Where the group of literals begins that is not written yet.
        var literals = 0
        var index = 0
        while index < values.count {
            var end = index + 1
            let value = values[index]
            while end < values.count, values[end] == value { end += 1 }
            // A group has a multiple of eight values; the run gives the literals before it what they lack.
            let missing = (8 - (index - literals) % 8) % 8
            if end - index - missing >= leastRun
                || (end == values.count && end - index > missing && index == literals)
            {
                appendGroups(values.extracting(literals..<index + missing), bitWidth, to: &bytes)
                appendRun(end - index - missing, of: value, bitWidth, to: &bytes)
                literals = end
            }
            index = end
        }
        appendGroups(values.extracting(literals..<values.count), bitWidth, to: &bytes)
    }

    static func appendRun(_ count: Int, of value: UInt32, _ bitWidth: Int, to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(count) << 1)
        for byte in 0..<(bitWidth + 7) / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * byte))) }
    }

    /// The last group is filled up with zeros.
    private static func appendGroups(_ values: Span<UInt32>, _ bitWidth: Int, to bytes: inout [UInt8]) {
        guard !values.isEmpty else { return }
        let groups = (values.count + 7) / 8
        bytes.appendVarint(UInt64(groups) << 1 | 1)
        var packer = BitPacker(bytes.count, room: groups * bitWidth, in: &bytes)
        for index in values.indices { packer.pack(UInt64(values[index]), bitWidth, &bytes) }
        packer.finish(&bytes)
    }

    /// Reads so many values to the end of `values`. Throws where the bytes end before.
    package static func read(
        _ count: Int, bitWidth: Int, from bytes: ArraySlice<UInt8>, to values: inout [UInt32]
    ) throws(ParquetError) {
        guard bitWidth <= 32 else { throw .damaged("a page has indices of \(bitWidth) bits") }
        let start = values.count
        values.append(contentsOf: repeatElement(0, count: count))
        var reader = PlainReader(bytes)
        var filled = start
        while filled < start + count {
            let head = try reader.varint()
            let left = start + count - filled
            if head & 1 == 0 {
                let value = UInt32(truncatingIfNeeded: try reader.number(bytes: (bitWidth + 7) / 8))
                guard head >> 1 > 0 else { throw .damaged("a page has an empty run") }
                let run = Int(clamping: min(head >> 1, UInt64(left)))
                if value != 0 { fill(&values, filled, run, value) }
                filled += run
            } else {
                let (length, overflows) = (head >> 1).multipliedReportingOverflow(by: UInt64(bitWidth))
                guard head >> 1 > 0, !overflows, length <= UInt64(reader.left) else { throw .damaged("a page is cut") }
                let packed = try reader.take(Int(length))
                let here = Int(min((head >> 1) &* 8, UInt64(left)))
                unpack(packed.span, bitWidth, to: &values, from: filled, here)
                filled += here
            }
        }
    }

    private static func fill(_ values: inout [UInt32], _ start: Int, _ count: Int, _ value: UInt32) {
        var span = values.mutableSpan
        for index in start..<start + count { span[index] = value }
    }

    private static func unpack(
        _ bytes: Span<UInt8>, _ bitWidth: Int, to values: inout [UInt32], from start: Int, _ count: Int
    ) {
        guard bitWidth > 0 else { return }
        var span = values.mutableSpan
        let mask: UInt64 = (1 << UInt64(bitWidth)) - 1
        var (bits, available, position): (UInt64, Int, Int) = (0, 0, 0)
        for index in start..<start + count {
            while available < bitWidth {
                bits |= UInt64(bytes[position]) << UInt64(available)
                position += 1
                available += 8
            }
            span[index] = UInt32(truncatingIfNeeded: bits & mask)
            bits >>= UInt64(bitWidth)
            available -= bitWidth
        }
    }
}

/// Writes numbers of a few bits each, from the least significant bit on, to room that was made for them.
struct BitPacker {
    private var position: Int
    private var bits: UInt64 = 0
    private var count = 0

    init(_ position: Int, room: Int, in bytes: inout [UInt8]) {
        self.position = position
        bytes.append(contentsOf: repeatElement(0, count: room))
    }

    /// - Parameter width: at most 56.
    @inline(__always)
    mutating func pack(_ value: UInt64, _ width: Int, _ bytes: inout [UInt8]) {
        bits |= value << UInt64(count)
        count += width
        while count >= 8 {
            bytes[position] = UInt8(truncatingIfNeeded: bits)
            position += 1
            bits >>= 8
            count -= 8
        }
    }

    mutating func finish(_ bytes: inout [UInt8]) {
        guard count > 0 else { return }
        bytes[position] = UInt8(truncatingIfNeeded: bits)
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// As Parquet's PLAIN has it: least significant byte first.
    mutating func appendPlain(_ number: Int64, _ kind: ParquetColumn.Kind) {
        for byte in 0..<(kind == .int64 ? 8 : 4) { append(UInt8(truncatingIfNeeded: number >> Int64(8 * byte))) }
    }
}
