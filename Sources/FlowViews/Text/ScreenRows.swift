// SPDX-License-Identifier: Apache-2.0

/// What a terminal shows, row by row, so that only the rows that change are sent.
package struct ScreenRows {
    private var shown: [String] = []

    package init() {}

    /// What the terminal shows is not known any more: it has another size, or something else wrote to it.
    package mutating func forget() { shown = [] }

    /// The bytes that make the terminal show these rows, from the top on, and nothing below them (ECMA-48: CUP, EL, ED).
    package mutating func update(_ rows: [String]) -> [UInt8] {
        var text = ""
        if shown.isEmpty { text += "\u{1B}[0m\u{1B}[2J" }
        for (index, row) in rows.enumerated() where index >= shown.count || shown[index] != row {
            // Erased first: after a row as wide as the terminal the cursor stands on its last character.
            text += "\u{1B}[\(index + 1);1H\u{1B}[K\(row)\u{1B}[0m"
        }
        if rows.count < shown.count { text += "\u{1B}[\(rows.count + 1);1H\u{1B}[J" }
        shown = rows
        return Array(text.utf8)
    }
}
