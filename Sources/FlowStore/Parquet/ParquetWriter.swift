// SPDX-License-Identifier: Apache-2.0

/// Writes a Parquet file (github.com/apache/parquet-format, version 2 of the metadata, data pages of version 1, Zstandard), front to back.
///
/// Bytes come out as they are made; the owner of the file writes them and empties the array. Holds no rows. A copy stands for the file as it
/// is now: the owner goes back to it by cutting the file to `length`.
package struct ParquetWriter {
    private struct RowGroup {
        var chunks: [PlacedChunk] = []
        var rows: Int
        /// Behind the chunks.
        var bloomFilters: [(column: Int, bytes: [UInt8])] = []
    }

    private let columns: [ParquetColumn]
    /// Of the file, that came out so far.
    private var length = 0
    private var groups: [RowGroup] = []

    /// As readers of the metadata see it.
    package static let creator = "weir"

    package init(columns: [ParquetColumn]) { self.columns = columns }

    /// Appends the bytes of a row group, which has the columns of the file.
    package mutating func append(_ group: EncodedGroup, to bytes: inout [UInt8]) {
        beginGroup(rows: group.rows)
        for column in group.columns {
            switch column {
            case .chunk(let chunk): append(chunk, to: &bytes)
            case .twin(let earlier): appendTwin(of: earlier, to: &bytes)
            }
        }
    }

    /// Begins a row group: its columns follow by `append`, each once, in the order of the schema.
    mutating func beginGroup(rows: Int) { groups.append(RowGroup(rows: rows)) }

    /// Appends the bytes of the group's next column, and after the last column what belongs to all.
    mutating func append(_ chunk: ColumnChunk, to bytes: inout [UInt8]) {
        let place = groups.count - 1
        precondition(chunk.column == columns[groups[place].chunks.count] && chunk.values == groups[place].rows)
        let start = bytes.count
        if length == 0 { bytes += ParquetNumber.magic }
        let placed = PlacedChunk(chunk, start: length + bytes.count - start)
        bytes += chunk.bytes
        if let filter = chunk.bloomFilter { groups[place].bloomFilters.append((groups[place].chunks.count, filter)) }
        groups[place].chunks.append(placed)
        length += bytes.count - start
        if groups[place].chunks.count == columns.count { appendBloomFilters(of: place, to: &bytes) }
    }

    /// Ends the group's next column as one that has the same values as an earlier one: both name the same bytes of the file.
    mutating func appendTwin(of earlier: Int, to bytes: inout [UInt8]) {
        let place = groups.count - 1
        var chunk = groups[place].chunks[earlier]
        chunk.chunk.column = columns[groups[place].chunks.count]
        chunk.twin = earlier
        groups[place].chunks.append(chunk)
        if groups[place].chunks.count == columns.count { appendBloomFilters(of: place, to: &bytes) }
    }

    private mutating func appendBloomFilters(of place: Int, to bytes: inout [UInt8]) {
        for (column, filter) in groups[place].bloomFilters {
            groups[place].chunks[column].bloomFilter = (length, filter.count)
            bytes += filter
            length += filter.count
        }
        groups[place].bloomFilters = []
        for (column, chunk) in groups[place].chunks.enumerated() {
            guard let twin = chunk.twin else { continue }
            groups[place].chunks[column].bloomFilter = groups[place].chunks[twin].bloomFilter
        }
    }

    /// Appends what ends the file. The file can go on at `length` all the same.
    ///
    /// - Parameter metadata: names and values of the writer's own, for readers that know them.
    package func finish(_ metadata: [(name: String, value: String)], createdBy: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        if length == 0 { bytes += ParquetNumber.magic }
        let places = appendIndexes(at: length - start, to: &bytes)
        var footer = ThriftWriter(capacity: columns.count * (groups.count + 1) * 96)
        footer.element { file in
            file.int32(1, 2)
            Self.writeSchema(of: columns, &file)
            file.int64(3, groups.reduce(0) { $0 + $1.rows })
            file.structures(4, Array(groups.enumerated())) { group, numbered in
                Self.write(numbered.element, numbered.offset, places, &group)
            }
            file.structures(5, metadata) { pair, entry in
                pair.string(1, entry.name)
                pair.string(2, entry.value)
            }
            file.string(6, createdBy)
            file.structures(7, columns) { order, _ in order.structure(1) { _ in } }
        }
        bytes += footer.bytes
        for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: footer.bytes.count >> (8 * byte))) }
        bytes += ParquetNumber.magic
    }

    private static func writeSchema(of columns: [ParquetColumn], _ file: inout ThriftWriter) {
        file.structures(2, [nil] + columns.map(Optional.some)) { element, column in
            guard let column else {
                element.string(4, "schema")
                element.int32(5, columns.count)
                return
            }
            element.int32(1, column.kind.rawValue)
            element.int32(3, ParquetNumber.optional)
            element.string(4, column.name)
            guard column.kind == .string else { return }
            element.int32(6, ParquetNumber.convertedUTF8)
            element.structure(10) { logical in logical.structure(1) { _ in } }
        }
    }

    /// Where the indexes of a chunk are, by group and column.
    private struct IndexPlace {
        var columnIndex: (offset: Int, length: Int)?
        var offsetIndex: (offset: Int, length: Int)
    }

    private func appendIndexes(at offset: Int, to bytes: inout [UInt8]) -> [[IndexPlace]] {
        var places = groups.map { group in
            group.chunks.map { _ in IndexPlace(columnIndex: nil, offsetIndex: (0, 0)) }
        }
        var empty: (rows: Int, bytes: [UInt8])?
        for (group, chunks) in groups.map(\.chunks).enumerated() {
            for (column, placed) in chunks.enumerated() {
                guard let index = Self.columnIndex(of: placed.chunk, &empty) else { continue }
                places[group][column].columnIndex = (offset + bytes.count, index.count)
                bytes += index
            }
        }
        for (group, chunks) in groups.map(\.chunks).enumerated() {
            for (column, placed) in chunks.enumerated() {
                let index = Self.offsetIndex(of: placed)
                places[group][column].offsetIndex = (offset + bytes.count, index.count)
                bytes += index
            }
        }
        return places
    }

    /// - Parameter empty: that of columns without a value, which is made once for each number of rows.
    private static func columnIndex(of chunk: ColumnChunk, _ empty: inout (rows: Int, bytes: [UInt8])?) -> [UInt8]? {
        guard chunk.nulls == chunk.values else { return columnIndex(of: chunk) }
        if let empty, empty.rows == chunk.values { return empty.bytes }
        let bytes = columnIndex(of: chunk)
        empty = bytes.map { (chunk.values, $0) }
        return bytes
    }

    /// nil where a page has values and no bounds.
    private static func columnIndex(of chunk: ColumnChunk) -> [UInt8]? {
        guard chunk.pages.allSatisfy({ $0.bounds != nil || $0.nulls == $0.rows }) else { return nil }
        var writer = ThriftWriter()
        writer.element { index in
            index.bools(1, chunk.pages.map { $0.nulls == $0.rows })
            index.binaries(2, chunk.pages.map { $0.bounds?.least ?? [] })
            index.binaries(3, chunk.pages.map { $0.bounds?.most ?? [] })
            index.int32(4, 0)
            index.int64s(5, chunk.pages.map(\.nulls))
        }
        return writer.bytes
    }

    private static func offsetIndex(of placed: PlacedChunk) -> [UInt8] {
        var writer = ThriftWriter()
        writer.element { index in
            index.structures(1, placed.chunk.pages) { location, page in
                location.int64(1, placed.start + page.offset)
                location.int32(2, page.size)
                location.int64(3, page.firstRow)
            }
        }
        return writer.bytes
    }

    private static func write(_ group: RowGroup, _ number: Int, _ places: [[IndexPlace]], _ writer: inout ThriftWriter)
    {
        writer.structures(1, Array(zip(group.chunks, places[number]))) { chunk, pair in
            chunk.int64(2, 0)
            chunk.structure(3) { metadata in write(pair.0, &metadata) }
            chunk.int64(4, pair.1.offsetIndex.offset)
            chunk.int32(5, pair.1.offsetIndex.length)
            guard let columnIndex = pair.1.columnIndex else { return }
            chunk.int64(6, columnIndex.offset)
            chunk.int32(7, columnIndex.length)
        }
        writer.int64(2, group.chunks.reduce(0) { $0 + $1.chunk.plainSize })
        writer.int64(3, group.rows)
        writer.int64(5, group.chunks.first?.start ?? 0)
        writer.int64(6, group.chunks.reduce(0) { $0 + $1.size })
        writer.int16(7, number)
    }

    private static func write(_ placed: PlacedChunk, _ metadata: inout ThriftWriter) {
        let chunk = placed.chunk
        metadata.int32(1, chunk.column.kind.rawValue)
        metadata.int32s(2, chunk.encodings)
        metadata.strings(3, chunk.column.name)
        metadata.int32(4, ParquetNumber.codecZstandard)
        metadata.int64(5, chunk.values)
        metadata.int64(6, chunk.plainSize)
        metadata.int64(7, placed.size)
        metadata.int64(9, placed.start + (chunk.pages.first?.offset ?? 0))
        if chunk.hasDictionary { metadata.int64(11, placed.start) }
        metadata.structure(12) { statistics in
            statistics.int64(3, chunk.nulls)
            guard let bounds = chunk.bounds else { return }
            statistics.binary(5, bounds.most)
            statistics.binary(6, bounds.least)
        }
        guard let filter = placed.bloomFilter else { return }
        metadata.int64(14, filter.offset)
        metadata.int32(15, filter.length)
    }
}
