// SPDX-License-Identifier: Apache-2.0

/// The values of a column in a row group that is to be written, by row.
package struct ColumnContent: Equatable {
    enum Values: Equatable {
        /// No row has a value.
        case nothing
        /// Of columns of numbers and of booleans; `noNumber` is null.
        case numbers([Int64])
        /// Places among the different texts; `noText` is null.
        case texts([UInt32], TextDictionary)
    }

    static let noNumber = Int64.min
    static let noText = UInt32.max

    let column: ParquetColumn
    let rows: Int
    let values: Values

    init(_ column: ParquetColumn, rows: Int, _ values: Values) {
        self.column = column
        self.rows = rows
        self.values = values
    }
}

/// Different texts, in the order in which they were added, as Parquet stores them: each with its length before it.
struct TextDictionary: Equatable {
    /// A length of four bytes, least significant first, and UTF-8, one text after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each begins in `bytes`.
    private(set) var offsets: [Int] = []

    init() {}

    /// Reads so many texts as PLAIN has them, and adds them. Nothing of the bytes is trusted.
    mutating func add(_ count: Int, plain content: [UInt8], from start: Int) throws(ParquetError) {
        guard count <= (content.count - start) / 4 else { throw .damaged("a page is cut") }
        offsets.reserveCapacity(offsets.count + count)
        let shift = bytes.count - start
        var position = start
        for _ in 0..<count {
            guard position + 4 <= content.count else { throw .damaged("a page is cut") }
            offsets.append(position + shift)
            let length =
                Int(content[position]) | Int(content[position + 1]) << 8 | Int(content[position + 2]) << 16
                | Int(content[position + 3]) << 24
            guard length <= content.count - position - 4 else { throw .damaged("a page is cut") }
            position += 4 + length
        }
        if bytes.isEmpty, start == 0, position == content.count {
            bytes = content
        } else {
            bytes += content[start..<position]
        }
    }

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

    /// Where a text is among the first so many: at one place at most, unless another program wrote the file.
    func places(of text: [UInt8], before count: Int) -> [Int] {
        let length = text.count + 4
        return (0..<count).filter { index in
            let end = index + 1 < offsets.count ? offsets[index + 1] : bytes.count
            return end - offsets[index] == length && self[index].elementsEqual(text)
        }
    }

    func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

    /// Keeps only the first ones.
    mutating func keep(_ count: Int) {
        guard count < offsets.count else { return }
        bytes.removeSubrange(offsets[count]...)
        offsets.removeSubrange(count...)
    }
}
