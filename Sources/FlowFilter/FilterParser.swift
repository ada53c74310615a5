// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Reads a filter by recursive descent: `or` binds less than `and`, and that less than `not`.
struct FilterParser {
    private let tokens: [FilterToken]
    private var index = 0
    private var depth = 0
    /// What a value alone is of, as in `port 80 or 443`: what the test before it asked about.
    var before: (side: FilterSide, isPort: Bool)?
    let service: (String) -> UInt16?

    private static let deepest = 100

    /// - Parameter tokens: the last is the end.
    init(_ tokens: [FilterToken], service: @escaping (String) -> UInt16?) {
        self.tokens = tokens
        self.service = service
    }

    var next: FilterToken { tokens[index] }

    mutating func take() -> FilterToken {
        defer { if next.kind != .end { index += 1 } }
        return next
    }

    /// Takes the next token if it is that sign or keyword.
    mutating func takes(_ words: String...) -> Bool {
        guard next.kind != .quoted, words.contains(next.text.lowercased()) else { return false }
        _ = take()
        return true
    }

    mutating func whole() throws(FilterError) -> FilterCondition {
        let condition = try any()
        guard next.kind == .end else {
            let isClosing = next.text == ")"
            throw FilterError(
                column: next.column,
                isClosing
                    ? "no bracket is open that \")\" closes"
                    : "\(next.spelling) follows a complete condition; put \"and\" or \"or\" before it")
        }
        return condition
    }

    private mutating func any() throws(FilterError) -> FilterCondition {
        var parts = [try all()]
        while takes("or", "||") { parts.append(try all()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func all() throws(FilterError) -> FilterCondition {
        var parts = [try factor()]
        while takes("and", "&&") { parts.append(try factor()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func factor() throws(FilterError) -> FilterCondition {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw FilterError(column: next.column, "a filter has at most \(Self.deepest) levels of brackets and not")
        }
        if takes("not", "!") { return .not(try factor()) }
        let opening = next
        guard takes("(") else { return try test() }
        let inner = try any()
        guard takes(")") else {
            throw FilterError(
                column: next.column, "the bracket of column \(opening.column) is not closed before \(next.spelling)")
        }
        return inner
    }
}
