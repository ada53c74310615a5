// SPDX-License-Identifier: Apache-2.0

/// A column of a Parquet file, and where its values come from.
package struct ChosenColumn: Hashable, Sendable {
    enum Source: Hashable {
        case column(FlowColumn)
        /// The same number in all rows.
        case constant(Int64)
        /// Weir has no value for it: null in all rows.
        case nothing
    }

    package let column: ParquetColumn
    let source: Source

    private init(_ column: ParquetColumn, _ source: Source) {
        self.column = column
        self.source = source
    }

    /// A column of the store.
    package init(_ column: FlowColumn) { self.init(column.schema, .column(column)) }

    /// AWS's `version`, where it is not that of all columns.
    package static func version(_ version: Int) -> ChosenColumn {
        ChosenColumn(FlowColumn.version.schema, .constant(Int64(version)))
    }

    /// A column that Weir has no value for.
    package static func empty(_ name: String, _ kind: ParquetColumn.Kind) -> ChosenColumn {
        ChosenColumn(ParquetColumn(name, kind), .nothing)
    }

    /// All columns of the store.
    static let store = FlowColumn.allCases.map { ChosenColumn($0) }

    /// All that lines of JSON can have, in the order of the store's columns.
    package static let all = store.filter { $0.source != .column(.windowSequence) }

    var isIndexed: Bool {
        guard case .column(let column) = source else { return false }
        return column.isIndexed
    }

    /// The place of the column before it among those chosen that has the same values where no interface has another address than its packets.
    func twin(among columns: [ChosenColumn]) -> Int? {
        guard case .column(let column) = source, let twin = column.twin else { return nil }
        return columns.prefix { $0 != self }.firstIndex { $0.source == .column(twin) }
    }
}
