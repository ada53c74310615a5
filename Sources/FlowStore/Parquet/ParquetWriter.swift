// SPDX-License-Identifier: Apache-2.0

/// Writes a Parquet file (github.com/apache/parquet-format, version 2 of the metadata, data pages of version 1, Zstandard), front to back.
///
/// Bytes come out as they are made; the owner of the file writes them and empties the array. Holds no rows.
package final class ParquetWriter {
    private struct RowGroup {
        var chunks: [ColumnChunk]
        var rows: Int
    }

    private let columns: [ParquetColumn]
    private let pageRows: Int
    private let compressor = PageCompressor()
    /// Of the file, that came out so far.
    private var length = 0
    private var groups: [RowGroup] = []

    package init(columns: [ParquetColumn], pageRows: Int) {
        self.columns = columns
        self.pageRows = pageRows
    }

    /// Appends the bytes of a row group. Each buffer must have the same number of rows, at least one.
    package func append(_ buffers: [ColumnBuffer], to bytes: inout [UInt8]) {
        precondition(buffers.map(\.column) == columns)
        let rows = buffers.first?.rows ?? 0
        let start = bytes.count
        if length == 0 { bytes += ParquetNumber.magic }
        var chunks: [ColumnChunk] = []
        for buffer in buffers {
            precondition(buffer.rows == rows)
            var writer = ColumnChunkWriter(buffer, pageRows: pageRows)
            chunks.append(writer.write(with: compressor, at: length - start, to: &bytes))
        }
        groups.append(RowGroup(chunks: chunks, rows: rows))
        length += bytes.count - start
    }

    /// Appends what ends the file.
    ///
    /// - Parameter metadata: names and values of the writer's own, for readers that know them.
    package func finish(_ metadata: [(name: String, value: String)], createdBy: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        if length == 0 { bytes += ParquetNumber.magic }
        let places = appendIndexes(at: length - start, to: &bytes)
        var footer = ThriftWriter()
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
        for (group, chunks) in groups.map(\.chunks).enumerated() {
            for (column, chunk) in chunks.enumerated() {
                guard let index = Self.columnIndex(of: chunk) else { continue }
                places[group][column].columnIndex = (offset + bytes.count, index.count)
                bytes += index
            }
        }
        for (group, chunks) in groups.map(\.chunks).enumerated() {
            for (column, chunk) in chunks.enumerated() {
                let index = Self.offsetIndex(of: chunk)
                places[group][column].offsetIndex = (offset + bytes.count, index.count)
                bytes += index
            }
        }
        return places
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

    private static func offsetIndex(of chunk: ColumnChunk) -> [UInt8] {
        var writer = ThriftWriter()
        writer.element { index in
            index.structures(1, chunk.pages) { location, page in
                location.int64(1, page.offset)
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
        writer.int64(2, group.chunks.reduce(0) { $0 + $1.plainSize })
        writer.int64(3, group.rows)
        writer.int64(5, group.chunks.first?.start ?? 0)
        writer.int64(6, group.chunks.reduce(0) { $0 + $1.size })
        writer.int16(7, number)
    }

    private static func write(_ chunk: ColumnChunk, _ metadata: inout ThriftWriter) {
        metadata.int32(1, chunk.column.kind.rawValue)
        metadata.int32s(2, chunk.encodings)
        metadata.binaries(3, [Array(chunk.column.name.utf8)])
        metadata.int32(4, ParquetNumber.codecZstandard)
        metadata.int64(5, chunk.values)
        metadata.int64(6, chunk.plainSize)
        metadata.int64(7, chunk.size)
        metadata.int64(9, chunk.pages.first?.offset ?? chunk.start)
        if let offset = chunk.dictionaryOffset { metadata.int64(11, offset) }
        metadata.structure(12) { statistics in
            statistics.int64(3, chunk.nulls)
            guard let bounds = chunk.bounds else { return }
            statistics.binary(5, bounds.most)
            statistics.binary(6, bounds.least)
        }
    }
}
