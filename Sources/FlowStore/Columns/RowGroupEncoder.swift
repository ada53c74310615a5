// SPDX-License-Identifier: Apache-2.0

/// Makes row groups of rows, with the columns that were chosen. Used from one thread.
package final class RowGroupEncoder {
    package let columns: [ChosenColumn]
    private let twins: [Int?]
    private let pageRows: Int
    private let compressor: PageCompressor
    /// A column of so many rows without a value: most columns of a small file are alike.
    private var empty: ColumnChunk?

    /// - Parameters:
    ///   - pageRows: rows of a page, which readers skip as a whole.
    ///   - level: of Zstandard.
    package init(_ columns: [ChosenColumn], pageRows: Int = 8192, level: Int = 1) {
        self.columns = columns
        twins = columns.map { $0.twin(among: columns) }
        self.pageRows = pageRows
        compressor = PageCompressor(level: level)
    }

    /// Encodes rows, in the order in which they are stored, and adds them up.
    package func encode(_ rows: borrowing FlowRows) -> (group: EncodedGroup, sums: StoredSums) {
        let sorted = SortedRows(rows)
        let isPlain = sorted.hasPacketsAddressesOnly
        var encoded: [EncodedGroup.Column] = []
        encoded.reserveCapacity(columns.count)
        for (column, twin) in zip(columns, twins) {
            if isPlain, let twin {
                encoded.append(.twin(twin))
            } else {
                encoded.append(.chunk(encode(sorted.content(of: column), isIndexed: column.isIndexed)))
            }
        }
        var sums = StoredSums()
        sums.add(sorted)
        return (EncodedGroup(rows: sorted.count, columns: encoded), sums)
    }

    func encode(_ content: ColumnContent, isIndexed: Bool) -> ColumnChunk {
        guard case .nothing = content.values else {
            return ColumnChunkWriter.chunk(of: content, pageRows: pageRows, isIndexed: isIndexed, compressor)
        }
        if var empty, empty.values == content.rows {
            empty.column = content.column
            return empty
        }
        let chunk = ColumnChunkWriter.chunk(of: content, pageRows: pageRows, isIndexed: false, compressor)
        empty = chunk
        return chunk
    }
}

extension SortedRows {
    fileprivate func content(of chosen: ChosenColumn) -> ColumnContent {
        switch chosen.source {
        case .column(let column): content(of: column)
        case .constant(let number):
            ColumnContent(chosen.column, rows: count, .numbers(Array(repeating: number, count: count)))
        case .nothing: ColumnContent(chosen.column, rows: count, .nothing)
        }
    }
}
