// SPDX-License-Identifier: Apache-2.0

/// Which values a column of a row group has, told with a few false positives: Parquet's split-block Bloom filter (BloomFilter.md of
/// parquet-format), XXH64, not compressed.
struct BloomFilter {
    private static let salts: [8 of UInt32] = [
        0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31,
    ]
    private static let blockBytes = 32
    /// Of what is read: a filter of our own has 64 KB for 52,000 to 87,000 different values.
    static let mostBytes = 1 << 24

    private var words: [UInt32]

    /// 6 to 12 bits for each value, since readers insist on a power of two: about one false positive in 12 to 200.
    init(values count: Int) {
        var bytes = Self.blockBytes
        while bytes < Self.mostBytes, bytes * 8 < count * 6 { bytes *= 2 }
        words = [UInt32](repeating: 0, count: bytes / 4)
    }

    mutating func insert(_ hash: UInt64) {
        let block = Self.block(of: hash, blocks: words.count / 8)
        for word in 0..<8 { words[block * 8 + word] |= Self.bit(hash, word) }
    }

    /// With the header before it.
    var bytes: [UInt8] {
        var writer = ThriftWriter()
        writer.element { header in
            header.int32(1, words.count * 4)
            for field in 2...4 { header.structure(field) { choice in choice.structure(1) { _ in } } }
        }
        var bytes = writer.bytes
        bytes.reserveCapacity(bytes.count + words.count * 4)
        for word in words { for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(8 * byte))) } }
        return bytes
    }

    /// What a header says: how long it is, and how long the filter behind it; nil where the filter is of a kind that is not known.
    static func read(header bytes: ArraySlice<UInt8>) throws(ParquetError) -> (header: Int, filter: Int)? {
        var reader = ThriftReader(bytes)
        let header = try reader.structure()
        let size = Int(clamping: try header.int(1))
        for field in 2...4 {
            guard case .structure(let choice)? = header[field], choice[1] != nil else { return nil }
        }
        guard (blockBytes...mostBytes).contains(size), size.isMultiple(of: blockBytes) else {
            throw .damaged("a Bloom filter has \(size) bytes")
        }
        return (reader.position - bytes.startIndex, size)
    }

    /// Where the bytes lie in a filter of so many that say whether a value may be there.
    static func range(of hash: UInt64, filter size: Int) -> Range<Int> {
        let start = block(of: hash, blocks: size / blockBytes) * blockBytes
        return start..<start + blockBytes
    }

    /// - Parameter block: the bytes at `range`.
    static func mayHold(_ hash: UInt64, block: [UInt8]) -> Bool {
        (0..<8).allSatisfy { word in
            let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(block[word * 4 + $1]) << UInt32(8 * $1) }
            return bits & bit(hash, word) != 0
        }
    }

    private static func block(of hash: UInt64, blocks: Int) -> Int { Int(((hash >> 32) &* UInt64(blocks)) >> 32) }

    private static func bit(_ hash: UInt64, _ word: Int) -> UInt32 {
        1 << ((UInt32(truncatingIfNeeded: hash) &* salts[word]) >> 27)
    }
}
