// SPDX-License-Identifier: Apache-2.0

/// Parquet's DELTA_BINARY_PACKED (Encodings.md, 5): differences of neighbours, in blocks of 128 with the least one of the block taken off,
/// each 32 with as many bits as they need.
package enum DeltaEncoding {
    private static let blockValues = 128
    private static let miniblocks = 4
    private static let miniblockValues = 32
    /// Of what is read.
    private static let mostBlockValues = 4096

    package static func append(_ values: [Int64], to bytes: inout [UInt8]) { append(values.span, to: &bytes) }

    private static func append(_ values: Span<Int64>, to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(blockValues))
        bytes.appendVarint(UInt64(miniblocks))
        bytes.appendVarint(UInt64(values.count))
        bytes.appendZigzag(values.isEmpty ? 0 : values[0])
        var start = 1
        while start < values.count {
            appendBlock(values, start..<min(values.count, start + blockValues), to: &bytes)
            start += blockValues
        }
    }

    private static func appendBlock(_ values: Span<Int64>, _ range: Range<Int>, to bytes: inout [UInt8]) {
        var least = Int64.max
        for index in range { least = min(least, values[index] &- values[index - 1]) }
        bytes.appendZigzag(least)
        let widths = bytes.count
        for _ in 0..<miniblocks { bytes.append(0) }
        for miniblock in 0..<miniblocks {
            let first = range.lowerBound + miniblock * miniblockValues
            guard first < range.upperBound else { break }
            let last = min(range.upperBound, first + miniblockValues)
            var most: UInt64 = 0
            for index in first..<last { most |= UInt64(bitPattern: values[index] &- values[index - 1] &- least) }
            let width = 64 - most.leadingZeroBitCount
            bytes[widths + miniblock] = UInt8(width)
            appendMiniblock(values, first..<last, least, width, to: &bytes)
        }
    }

    /// 32 values, the missing ones zero.
    private static func appendMiniblock(
        _ values: Span<Int64>, _ range: Range<Int>, _ least: Int64, _ width: Int, to bytes: inout [UInt8]
    ) {
        var packer = BitPacker(bytes.count, room: width * miniblockValues / 8, in: &bytes)
        for index in range {
            let delta = UInt64(bitPattern: values[index] &- values[index - 1] &- least)
            guard width > 32 else {
                packer.pack(delta, width, &bytes)
                continue
            }
            packer.pack(delta & 0xFFFF_FFFF, 32, &bytes)
            packer.pack(delta >> 32, width - 32, &bytes)
        }
        packer.finish(&bytes)
    }

    /// Reads so many values to the end of `values`. Nothing of the bytes is trusted.
    ///
    /// - Parameter most: of the values: those that follow are not read.
    package static func read(
        _ count: Int, most: Int = .max, from bytes: ArraySlice<UInt8>, to values: inout [Int64]
    ) throws(ParquetError) {
        var reader = PlainReader(bytes)
        let (block, miniblocks, total) = (try reader.varint(), try reader.varint(), try reader.varint())
        let first = try reader.zigzag()
        guard block <= UInt64(mostBlockValues), block > 0, miniblocks > 0, block % miniblocks == 0,
            block / miniblocks % 32 == 0, total == UInt64(count)
        else { throw .damaged("a page has no differences as it should") }
        guard min(count, most) > 0 else { return }
        let end = values.count + min(count, most)
        values.append(contentsOf: repeatElement(first, count: min(count, most)))
        let size = Int(block / miniblocks)
        var (filled, last) = (end - min(count, most) + 1, first)
        while filled < end {
            let least = try reader.zigzag()
            let widths = try reader.take(Int(miniblocks))
            for width in widths where filled < end {
                guard width <= 64 else { throw .damaged("a page has differences of \(width) bits") }
                let packed = try reader.take(Int(width) * size / 8)
                let here = min(end - filled, size)
                BitUnpacker.addUp(
                    packed, width: Int(width), here, least: least, last: &last, to: &values, from: filled)
                filled += here
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func appendZigzag(_ value: Int64) {
        appendVarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }
}
