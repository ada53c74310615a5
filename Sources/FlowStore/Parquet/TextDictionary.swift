// SPDX-License-Identifier: Apache-2.0

/// Different texts, in the order in which they were added, as Parquet stores them: each with its length before it.
struct TextDictionary {
    /// A length of four bytes, least significant first, and UTF-8, one text after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each begins in `bytes`.
    private(set) var offsets: [Int] = []

    var count: Int { offsets.count }

    /// Adds a text that is not there yet.
    mutating func add(_ text: some Sequence<UInt8>) -> UInt32 {
        let start = bytes.count
        offsets.append(start)
        bytes.append(contentsOf: [0, 0, 0, 0])
        bytes.append(contentsOf: text)
        let length = UInt32(bytes.count - start - 4)
        for byte in 0..<4 { bytes[start + byte] = UInt8(truncatingIfNeeded: length >> UInt32(8 * byte)) }
        return UInt32(offsets.count) - 1
    }

    /// With its length before it.
    func stored(_ index: Int) -> ArraySlice<UInt8> {
        bytes[offsets[index]..<(index + 1 < offsets.count ? offsets[index + 1] : bytes.count)]
    }

    subscript(_ index: Int) -> ArraySlice<UInt8> { stored(index).dropFirst(4) }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
    }
}
