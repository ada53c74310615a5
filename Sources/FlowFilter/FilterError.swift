// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a filter, and where.
package struct FilterError: Error, Equatable, CustomStringConvertible {
    /// Of the character in the text where reading stopped; the first is 1.
    package let column: Int
    package let reason: String

    package init(column: Int, _ reason: String) {
        self.column = column
        self.reason = reason
    }

    package var description: String { "filter, column \(column): \(reason)" }
}
