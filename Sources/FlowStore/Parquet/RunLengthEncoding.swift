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
            let run = try Run(&reader, bitWidth)
            let here = min(run.count, start + count - filled)
            run.write(here, bitWidth, to: &values, from: filled)
            filled += here
        }
    }

    /// Reads the values at those places alone, which are in order, each once. Throws where the bytes end before.
    package static func pick(
        _ places: [Int], bitWidth: Int, from bytes: ArraySlice<UInt8>
    ) throws(ParquetError) -> [UInt32] {
        guard bitWidth <= 32 else { throw .damaged("a page has indices of \(bitWidth) bits") }
        var picked: [UInt32] = []
        picked.reserveCapacity(places.count)
        var reader = PlainReader(bytes)
        var passed = 0
        while picked.count < places.count {
            let run = try Run(&reader, bitWidth)
            while picked.count < places.count, places[picked.count] - passed < run.count {
                picked.append(run.value(places[picked.count] - passed, bitWidth))
            }
            passed += run.count
        }
        return picked
    }

    /// Equal values, or groups of eight, of a page that is read.
    private struct Run {
        /// More than none.
        let count: Int
        private let value: UInt32
        private let packed: ArraySlice<UInt8>?

        /// More than a page has rows.
        private static let mostGroups: UInt64 = 1 << 40

        init(_ reader: inout PlainReader, _ bitWidth: Int) throws(ParquetError) {
            let head = try reader.varint()
            guard head >> 1 > 0 else { throw .damaged("a page has an empty run") }
            guard head & 1 == 1 else {
                (count, packed) = (Int(min(head >> 1, Self.mostGroups)), nil)
                value = UInt32(truncatingIfNeeded: try reader.number(bytes: (bitWidth + 7) / 8))
                return
            }
            let (length, overflows) = (head >> 1).multipliedReportingOverflow(by: UInt64(bitWidth))
            guard !overflows, length <= UInt64(reader.left) else { throw .damaged("a page is cut") }
            (count, value) = (Int(min(head >> 1, Self.mostGroups)) * 8, 0)
            packed = try reader.take(Int(length))
        }

        func value(_ place: Int, _ bitWidth: Int) -> UInt32 {
            guard let packed else { return value }
            return UInt32(truncatingIfNeeded: BitUnpacker.number(place, width: bitWidth, in: packed))
        }

        /// Writes the first values over those of `values`, which are zero.
        func write(_ count: Int, _ bitWidth: Int, to values: inout [UInt32], from start: Int) {
            if let packed { return BitUnpacker.unpack(packed, width: bitWidth, count, to: &values, from: start) }
            guard value != 0 else { return }
            var span = values.mutableSpan
            for index in start..<start + count { span[index] = value }
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
