// SPDX-License-Identifier: Apache-2.0

/// A column of a row group of which a query needs a few rows: reads its dictionary, and the pages alone that have them.
struct SparseColumn {
    private let chunk: ParquetFooter.Chunk
    private let column: FlowColumn
    private let locations: PageLocations
    private let read: GroupScan.Read
    /// Of the page that was read first; it has the dictionary.
    private var first: ColumnReader?

    /// nil where the file does not say where the pages are, or says what cannot be.
    ///
    /// - Parameter pageRows: of the group's other columns.
    init?(
        _ column: FlowColumn, _ chunk: ParquetFooter.Chunk, pageRows: [Int], _ read: @escaping GroupScan.Read
    ) throws {
        guard let index = chunk.offsetIndex, index.count <= PageLocations.longest,
            let locations = try? PageLocations(try read(index)[...], chunk.range, pageRows)
        else { return nil }
        (self.chunk, self.column, self.locations, self.read) = (chunk, column, locations, read)
    }

    /// Some rows of a page, by their order among `rows`.
    mutating func decode(_ page: Int, only rows: [Int]) throws -> ColumnPage {
        let location = locations.pages[page]
        if let first {
            let reader = try ColumnReader(
                try read(location.range), of: chunk, column.schema, rows: location.rows, dictionaryOf: first)
            return try reader.decode(0, only: rows)
        }
        let dictionary = locations.dictionary
        // Where the page is the group's first one, both are one piece.
        let bytes =
            dictionary.upperBound == location.range.lowerBound
            ? try read(dictionary.lowerBound..<location.range.upperBound)
            : try read(dictionary) + read(location.range)
        let reader = try ColumnReader(bytes, of: chunk, column.schema, rows: location.rows)
        first = reader
        return try reader.decode(0, only: rows)
    }
}

/// Where the pages of a column chunk are: Parquet's offset index. Nothing of the bytes is trusted.
struct PageLocations {
    struct Location {
        let range: Range<Int>
        let rows: Int
    }

    private(set) var pages: [Location] = []
    /// Before the first page; empty where the chunk has none.
    let dictionary: Range<Int>

    static let longest = 1 << 24

    /// Throws where they are not the whole chunk, one behind the other, with so many rows each.
    init(_ bytes: ArraySlice<UInt8>, _ chunk: Range<Int>, _ pageRows: [Int]) throws(ParquetError) {
        pages.reserveCapacity(pageRows.count)
        var reader = ThriftReader(bytes)
        var field = 0
        while let type = try reader.field(after: &field) {
            guard field == 1, pages.isEmpty else {
                try reader.skip(type)
                continue
            }
            guard try reader.list(type, of: 12) == pageRows.count else { throw Self.wrong }
            var row = 0
            for rows in pageRows {
                let (range, firstRow) = try Self.place(&reader, in: chunk)
                guard firstRow == row, range.lowerBound == pages.last?.range.upperBound ?? range.lowerBound else {
                    throw Self.wrong
                }
                pages.append(Location(range: range, rows: rows))
                row += rows
            }
        }
        guard let first = pages.first, pages[pages.count - 1].range.upperBound == chunk.upperBound else {
            throw Self.wrong
        }
        dictionary = chunk.lowerBound..<first.range.lowerBound
    }

    private static let wrong = ParquetError.damaged("an index of pages has places that cannot be")

    /// A page, with its header, and its first row.
    private static func place(
        _ reader: inout ThriftReader, in chunk: Range<Int>
    ) throws(ParquetError) -> (Range<Int>, Int) {
        var (offset, size, firstRow) = (-1, -1, -1)
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 1: offset = try reader.int(type)
            case 2: size = try reader.int(type)
            case 3: firstRow = try reader.int(type)
            default: try reader.skip(type)
            }
        }
        guard chunk.contains(offset), (1...chunk.upperBound - offset).contains(size) else { throw wrong }
        return (offset..<offset + size, firstRow)
    }
}
