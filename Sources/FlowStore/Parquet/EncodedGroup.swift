// SPDX-License-Identifier: Apache-2.0

/// The bytes of a row group, for any place in any file that has its columns.
package struct EncodedGroup {
    enum Column {
        case chunk(ColumnChunk)
        /// The same values as an earlier column, whose place this is.
        case twin(Int)
    }

    let rows: Int
    let columns: [Column]
}
