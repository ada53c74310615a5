// SPDX-License-Identifier: Apache-2.0

/// What a Parquet file says of itself, read from its end: flat files, as `ParquetWriter` writes them.
///
/// Nothing of the bytes is trusted.
package struct ParquetFooter {
    /// A column of a row group.
    struct Chunk {
        var kind = -1
        var codec = -1
        var values = -1
        /// nil where it is not known.
        var nulls: Int?
        var size = -1
        var dataOffset = -1
        var dictionaryOffset: Int?
        var least: ArraySlice<UInt8>?
        var most: ArraySlice<UInt8>?
        /// The bounds of its pages.
        var columnIndex: Range<Int>?
        /// The places of its pages.
        var offsetIndex: Range<Int>?
        var bloomFilter: Int?

        /// Where its pages lie in the file.
        var range: Range<Int> {
            let start = min(dataOffset, dictionaryOffset ?? dataOffset)
            return start..<start + size
        }

        var isEmpty: Bool { nulls == values }
    }

    struct RowGroup {
        var rows = -1
        /// By the file's columns.
        var chunks: [Chunk] = []
    }

    package private(set) var columns: [ParquetColumn] = []
    package private(set) var rows = -1
    private(set) var groups: [RowGroup] = []
    package private(set) var metadata: [String: String] = [:]
    package private(set) var createdBy: String?

    /// Bytes behind the metadata: its length and the magic number.
    package static let tail = 8

    /// Pages of a row group are read one by one; its dictionaries are in memory as a whole.
    private static let mostRows = 1 << 22
    private static let farthest = 1 << 55
    /// For which room is made before they are read.
    private static let mostColumns = 256
    /// Of a column's bytes in one row group, which are in memory as a whole.
    static let largestChunk = 1 << 28

    /// The length of the metadata before the tail.
    ///
    /// - Parameter tail: the file's last bytes.
    package static func length(_ tail: ArraySlice<UInt8>) throws(ParquetError) -> Int {
        let tail = Array(tail.suffix(Self.tail))
        guard tail.count == Self.tail, Array(tail.suffix(4)) == ParquetNumber.magic else {
            throw .damaged("it does not end as a Parquet file does")
        }
        return (0..<4).reduce(0) { $0 | Int(tail[$1]) << (8 * $1) }
    }

    package init(_ bytes: ArraySlice<UInt8>) throws(ParquetError) {
        var reader = ThriftReader(bytes)
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 2: try readSchema(&reader, type)
            case 3: rows = try reader.int(type)
            case 4: for _ in 0..<(try reader.list(type, of: 12)) { groups.append(try group(&reader)) }
            case 5: for _ in 0..<(try reader.list(type, of: 12)) { try readMetadata(&reader) }
            case 6: createdBy = String(decoding: try reader.binary(type), as: UTF8.self)
            default: try reader.skip(type)
            }
        }
        guard !columns.isEmpty, rows >= 0 else { throw .damaged("its metadata lacks its columns or rows") }
        guard groups.reduce(0, { $0 + $1.rows }) == rows else { throw .damaged("its row groups do not have its rows") }
    }

    private mutating func readMetadata(_ reader: inout ThriftReader) throws(ParquetError) {
        let pair = try reader.structure()
        metadata[try pair.text(1)] = pair[2] == nil ? "" : try pair.text(2)
    }

    private mutating func readSchema(_ reader: inout ThriftReader, _ type: UInt8) throws(ParquetError) {
        let count = try reader.list(type, of: 12)
        guard count > 1 else { throw .damaged("it has no columns") }
        let root = try reader.structure()
        guard try root.int(5) == Int64(count - 1) else { throw .unsupported("its columns are nested") }
        columns.reserveCapacity(min(count, Self.mostColumns))
        for _ in 1..<count { columns.append(try Self.column(&reader)) }
    }

    private static func column(_ reader: inout ThriftReader) throws(ParquetError) -> ParquetColumn {
        var (kind, repetition, name, isNested) = (-1, -1, String?.none, false)
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 1: kind = try reader.int(type)
            case 3: repetition = try reader.int(type)
            case 4: name = String(decoding: try reader.binary(type), as: UTF8.self)
            case 5: isNested = try reader.int(type) != 0
            default: try reader.skip(type)
            }
        }
        guard let name else { throw .damaged("a column of its metadata has no name") }
        guard !isNested, repetition != 2 else { throw .unsupported("its column \(name) is nested") }
        guard let kind = ParquetColumn.Kind(rawValue: kind) else {
            throw .unsupported("its column \(name) has a type that Weir does not write")
        }
        guard repetition == ParquetNumber.optional else { throw .unsupported("its column \(name) is required") }
        return ParquetColumn(name, kind)
    }

    private func group(_ reader: inout ThriftReader) throws(ParquetError) -> RowGroup {
        var group = RowGroup()
        group.chunks.reserveCapacity(columns.count)
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 1: for _ in 0..<(try reader.list(type, of: 12)) { group.chunks.append(try Self.chunk(&reader)) }
            case 3: group.rows = try reader.int(type)
            default: try reader.skip(type)
            }
        }
        guard (0...Self.mostRows).contains(group.rows) else {
            throw .unsupported("a row group has more than \(Self.mostRows) rows")
        }
        guard group.chunks.count == columns.count,
            zip(group.chunks, columns).allSatisfy({ $0.values == group.rows && $0.kind == $1.kind.rawValue })
        else { throw .damaged("its columns are not those of its schema") }
        return group
    }

    private static func chunk(_ reader: inout ThriftReader) throws(ParquetError) -> Chunk {
        var chunk = Chunk()
        var indexes: [4 of Int] = [-1, -1, -1, -1]
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 3:
                try reader.expectStructure(type)
                try read(&chunk, &reader)
            case 4...7: indexes[field - 4] = try reader.int(type)
            default: try reader.skip(type)
            }
        }
        guard (0...farthest).contains(chunk.dataOffset), (0...farthest).contains(chunk.dictionaryOffset ?? 0),
            (0...farthest).contains(chunk.size)
        else { throw .damaged("a column lies outside the file") }
        chunk.offsetIndex = range(indexes[0], indexes[1])
        chunk.columnIndex = range(indexes[2], indexes[3])
        return chunk
    }

    /// nil where it cannot be.
    private static func range(_ offset: Int, _ length: Int) -> Range<Int>? {
        guard (0...farthest).contains(offset), (0...farthest).contains(length) else { return nil }
        return offset..<offset + length
    }

    private static func read(_ chunk: inout Chunk, _ reader: inout ThriftReader) throws(ParquetError) {
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 1: chunk.kind = try reader.int(type)
            case 4: chunk.codec = try reader.int(type)
            case 5: chunk.values = try reader.int(type)
            case 7: chunk.size = try reader.int(type)
            case 9: chunk.dataOffset = try reader.int(type)
            case 11: chunk.dictionaryOffset = try reader.int(type)
            case 12:
                try reader.expectStructure(type)
                try readStatistics(&chunk, &reader)
            case 14: chunk.bloomFilter = try reader.int(type)
            default: try reader.skip(type)
            }
        }
    }

    private static func readStatistics(_ chunk: inout Chunk, _ reader: inout ThriftReader) throws(ParquetError) {
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 3: chunk.nulls = try reader.int(type)
            case 5: chunk.most = try reader.binary(type)
            case 6: chunk.least = try reader.binary(type)
            default: try reader.skip(type)
            }
        }
    }
}

extension ThriftFields {
    func int(_ field: Int) throws(ParquetError) -> Int64 {
        guard case .int(let value)? = self[field] else { throw .damaged("field \(field) of its metadata is missing") }
        return value
    }

    func text(_ field: Int) throws(ParquetError) -> String {
        guard case .binary(let bytes)? = self[field] else {
            throw .damaged("field \(field) of its metadata is missing")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
