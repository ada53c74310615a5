// SPDX-License-Identifier: Apache-2.0

/// What a Parquet file says of itself, read from its end: flat files, as `ParquetWriter` writes them.
///
/// Nothing of the bytes is trusted.
package struct ParquetFooter {
    package struct Chunk {
        package let kind: ParquetColumn.Kind
        package let name: String
        let codec: Int
        package let values: Int
        package let nulls: Int?
        package let size: Int
        /// Of its first page in the file.
        let start: Int
        package let least: [UInt8]?
        package let most: [UInt8]?
    }

    package struct RowGroup {
        package let rows: Int
        package let chunks: [Chunk]
    }

    package let columns: [ParquetColumn]
    package let rows: Int
    package let groups: [RowGroup]
    package let metadata: [String: String]
    package let createdBy: String?

    /// Bytes behind the metadata: its length and the magic number.
    package static let tail = 8

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
        let file = try reader.structure()
        let schema = try file.structures(2)
        guard let root = schema.first, try root.int(5) == Int64(schema.count - 1) else {
            throw .unsupported("its columns are nested")
        }
        var columns: [ParquetColumn] = []
        for element in schema.dropFirst() { columns.append(try Self.column(element)) }
        self.columns = columns
        rows = Int(clamping: try file.int(3))
        guard rows >= 0 else { throw .damaged("it has less than no rows") }
        var groups: [RowGroup] = []
        for group in try file.structures(4) { groups.append(try Self.group(group, columns)) }
        self.groups = groups
        guard groups.reduce(0, { $0 + $1.rows }) == rows else { throw .damaged("its row groups do not have its rows") }
        var metadata: [String: String] = [:]
        for pair in try file.structures(5, isOptional: true) {
            metadata[try pair.text(1)] = pair[2] == nil ? "" : try pair.text(2)
        }
        self.metadata = metadata
        createdBy = file[6] == nil ? nil : try file.text(6)
    }

    /// Of a row group, which is in memory as a whole.
    private static let mostRows = 1 << 22

    private static func column(_ element: [Int: ThriftValue]) throws(ParquetError) -> ParquetColumn {
        let name = try element.text(4)
        guard element[5] == nil, try element.int(3) != 2 else { throw .unsupported("its column \(name) is nested") }
        guard let kind = ParquetColumn.Kind(rawValue: Int(clamping: try element.int(1))) else {
            throw .unsupported("its column \(name) has a type that Weir does not write")
        }
        guard try element.int(3) == Int64(ParquetNumber.optional) else {
            throw .unsupported("its column \(name) is required")
        }
        return ParquetColumn(name, kind)
    }

    private static func group(_ group: [Int: ThriftValue], _ columns: [ParquetColumn]) throws(ParquetError) -> RowGroup
    {
        let rows = Int(clamping: try group.int(3))
        guard (0...mostRows).contains(rows) else { throw .unsupported("a row group has more than \(mostRows) rows") }
        var chunks: [Chunk] = []
        for chunk in try group.structures(1) {
            guard case .structure(let metadata)? = chunk[3] else { throw .damaged("a column has no metadata") }
            let index = chunks.count
            guard index < columns.count, try metadata.int(1) == Int64(columns[index].kind.rawValue) else {
                throw .damaged("its columns are not those of its schema")
            }
            chunks.append(try Self.chunk(metadata, columns[index]))
        }
        guard chunks.count == columns.count, chunks.allSatisfy({ $0.values == rows }) else {
            throw .damaged("its columns have different numbers of rows")
        }
        return RowGroup(rows: rows, chunks: chunks)
    }

    private static func chunk(
        _ metadata: [Int: ThriftValue], _ column: ParquetColumn
    ) throws(ParquetError) -> Chunk {
        var statistics: [Int: ThriftValue] = [:]
        if case .structure(let found)? = metadata[12] { statistics = found }
        let data = Int(clamping: try metadata.int(9))
        let dictionary = metadata[11] == nil ? data : Int(clamping: try metadata.int(11))
        let size = Int(clamping: try metadata.int(7))
        guard [data, dictionary, size].allSatisfy({ (0...Int(Int32.max) << 24).contains($0) }) else {
            throw .damaged("a column lies outside the file")
        }
        return Chunk(
            kind: column.kind, name: column.name, codec: Int(clamping: try metadata.int(4)),
            values: Int(clamping: try metadata.int(5)),
            nulls: statistics[3] == nil ? nil : Int(clamping: try statistics.int(3)), size: size,
            start: min(data, dictionary),
            least: statistics.bytes(6), most: statistics.bytes(5))
    }
}

extension ParquetFooter.Chunk {
    /// Where its pages lie in the file.
    package var range: Range<Int> { start..<start + size }
}

/// The values of a column in a row group: the different ones, and for each row the place of its own.
package struct ColumnValues {
    package static let null = UInt32.max

    package var numbers: [Int64] = []
    package var texts: [String] = []
    /// By row; `null`.
    package var places: [UInt32] = []

    /// Reads the pages of a column.
    ///
    /// - Parameter bytes: those of `Chunk.range`.
    package init(_ bytes: ArraySlice<UInt8>, of chunk: ParquetFooter.Chunk, rows: Int) throws(ParquetError) {
        places.reserveCapacity(rows)
        var rest = bytes
        while places.count < rows {
            var reader = ThriftReader(rest)
            let header = try reader.structure()
            rest = rest[reader.position...]
            let (type, plain, stored) = (
                try header.int(1), Int(clamping: try header.int(2)), Int(clamping: try header.int(3))
            )
            guard (0...rest.count).contains(stored), (0...Self.largestPage).contains(plain) else {
                throw .damaged("a page of column \(chunk.name) is cut")
            }
            let content = try Self.content(rest.prefix(stored), plain, chunk)
            rest = rest.dropFirst(stored)
            switch type {
            case Int64(ParquetNumber.pageDictionary): try readDictionary(header, content, chunk.kind)
            case Int64(ParquetNumber.pageData): try readPage(header, content, chunk.kind, most: rows - places.count)
            default: throw .unsupported("column \(chunk.name) has pages of another version")
            }
        }
    }

    private static let largestPage = 1 << 28

    private static func content(
        _ bytes: ArraySlice<UInt8>, _ size: Int, _ chunk: ParquetFooter.Chunk
    ) throws(ParquetError) -> [UInt8] {
        switch chunk.codec {
        case ParquetNumber.codecNone: return Array(bytes)
        case ParquetNumber.codecZstandard: return try PageCompressor.decompress(bytes, size: size)
        default: throw .unsupported("column \(chunk.name) is compressed in a way that Weir does not use")
        }
    }

    private mutating func readDictionary(
        _ header: [Int: ThriftValue], _ content: [UInt8], _ kind: ParquetColumn.Kind
    ) throws(ParquetError) {
        guard case .structure(let dictionary)? = header[7] else { throw .damaged("a dictionary has no header") }
        var plain = PlainReader(content[...])
        try readPlain(Int(clamping: try dictionary.int(1)), &plain, kind)
    }

    /// Adds values, each as a different one.
    private mutating func readPlain(
        _ count: Int, _ plain: inout PlainReader, _ kind: ParquetColumn.Kind
    ) throws(ParquetError) {
        guard (0...plain.left * 8).contains(count) else { throw .damaged("a page is cut") }
        switch kind {
        case .boolean: for place in 0..<count { numbers.append(try plain.bit(place)) }
        case .int32: for _ in 0..<count { numbers.append(Int64(Int32(truncatingIfNeeded: try plain.number(bytes: 4)))) }
        case .int64: for _ in 0..<count { numbers.append(try plain.number(bytes: 8)) }
        case .string: for _ in 0..<count { texts.append(try plain.text()) }
        }
    }

    private mutating func readPage(
        _ header: [Int: ThriftValue], _ content: [UInt8], _ kind: ParquetColumn.Kind, most: Int
    ) throws(ParquetError) {
        guard case .structure(let page)? = header[5] else { throw .damaged("a page has no header") }
        let rows = Int(clamping: try page.int(1))
        guard (1...max(1, most)).contains(rows), most > 0 else {
            throw .damaged("a page has more rows than its row group")
        }
        var plain = PlainReader(content[...])
        let levels = try RunLengthEncoding.read(rows, bitWidth: 1, from: try plain.block())
        let present = levels.reduce(0) { $0 + Int($1) }
        let places: [UInt32]
        switch Int(clamping: try page.int(2)) {
        case ParquetNumber.encodingPlain:
            let first = kind == .string ? texts.count : numbers.count
            try readPlain(present, &plain, kind)
            places = (0..<present).map { UInt32(first + $0) }
        case ParquetNumber.encodingDictionary, ParquetNumber.encodingOldDictionary:
            places = present == 0 ? [] : try plain.places(present)
            let count = UInt32(kind == .string ? texts.count : numbers.count)
            guard places.allSatisfy({ $0 < count }) else {
                throw .damaged("a page names values that its dictionary lacks")
            }
        default: throw .unsupported("a page is encoded in a way that Weir does not use")
        }
        var next = 0
        for level in levels {
            self.places.append(level == 0 ? Self.null : places[next])
            next += Int(level)
        }
    }
}

/// Values as PLAIN has them.
private struct PlainReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var left: Int { bytes.endIndex - position }

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

    /// Bytes with their length before them.
    mutating func block() throws(ParquetError) -> ArraySlice<UInt8> {
        let count = Int(try number(bytes: 4))
        guard count <= left else { throw .damaged("a page is cut") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func text() throws(ParquetError) -> String { String(decoding: try block(), as: UTF8.self) }

    /// Places in a dictionary, with their width before them.
    mutating func places(_ count: Int) throws(ParquetError) -> [UInt32] {
        guard let width = bytes[position...].first else { throw .damaged("a page is cut") }
        return try RunLengthEncoding.read(count, bitWidth: Int(width), from: bytes[(position + 1)...])
    }
}

extension [Int: ThriftValue] {
    func int(_ field: Int) throws(ParquetError) -> Int64 {
        guard case .int(let value)? = self[field] else { throw .damaged("field \(field) of its metadata is missing") }
        return value
    }

    func bytes(_ field: Int) -> [UInt8]? {
        guard case .binary(let value)? = self[field] else { return nil }
        return Array(value)
    }

    func text(_ field: Int) throws(ParquetError) -> String {
        guard let bytes = bytes(field) else { throw .damaged("field \(field) of its metadata is missing") }
        return String(decoding: bytes, as: UTF8.self)
    }

    func structures(_ field: Int, isOptional: Bool = false) throws(ParquetError) -> [[Int: ThriftValue]] {
        if isOptional, self[field] == nil { return [] }
        guard case .list(let values)? = self[field] else { throw .damaged("field \(field) of its metadata is missing") }
        var structures: [[Int: ThriftValue]] = []
        for value in values {
            guard case .structure(let structure) = value else {
                throw .damaged("field \(field) of its metadata is no list of structures")
            }
            structures.append(structure)
        }
        return structures
    }
}
