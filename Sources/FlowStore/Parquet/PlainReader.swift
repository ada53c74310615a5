// SPDX-License-Identifier: Apache-2.0

/// Reads values as PLAIN has them, and the numbers of other encodings. Nothing of the bytes is trusted.
struct PlainReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var left: Int { bytes.endIndex - position }

    var rest: ArraySlice<UInt8> { bytes[position...] }

    mutating func number(bytes count: Int) throws(ParquetError) -> Int64 {
        guard count <= left else { throw .damaged("a page is cut") }
        var number: UInt64 = 0
        for byte in 0..<count { number |= UInt64(bytes[position + byte]) << UInt64(8 * byte) }
        position += count
        return Int64(bitPattern: number)
    }

    func bit(_ place: Int) throws(ParquetError) -> Int64 {
        guard place / 8 < left else { throw .damaged("a page is cut") }
        return Int64(bytes[position + place / 8] >> UInt8(place % 8) & 1)
    }

    mutating func take(_ count: Int) throws(ParquetError) -> ArraySlice<UInt8> {
        guard (0...left).contains(count) else { throw .damaged("a page is cut") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Bytes with their length before them.
    mutating func block() throws(ParquetError) -> ArraySlice<UInt8> { try take(Int(try number(bytes: 4))) }

    mutating func varint() throws(ParquetError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = UInt64(truncatingIfNeeded: try number(bytes: 1))
            value |= (byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damaged("a number of a page has no end")
    }

    mutating func zigzag() throws(ParquetError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
