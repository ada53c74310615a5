// SPDX-License-Identifier: Apache-2.0

/// Columns as wide as their widest cell, two blanks between them.
package struct TextTable {
    package let rows: [[String]]
    /// The columns of numbers.
    package let rightAligned: Range<Int>

    package init(rows: [[String]], rightAligned: Range<Int>) {
        self.rows = rows
        self.rightAligned = rightAligned
    }

    package var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return rightAligned.contains(column) ? padding + row[column] : row[column] + padding
            }
            return cells.joined(separator: "  ").trimmingTrailingBlanks
        }
    }
}

extension String {
    fileprivate var trimmingTrailingBlanks: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
