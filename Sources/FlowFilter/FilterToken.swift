// SPDX-License-Identifier: Apache-2.0

/// A word, a sign or a quoted text of a filter.
struct FilterToken: Equatable {
    enum Kind: Equatable {
        case word
        /// Between quotes: never a keyword.
        case quoted
        /// `( ) [ ] ,`, `!`, or a comparison.
        case sign
        case end
    }

    let kind: Kind
    /// Without quotes.
    let text: String
    /// The first character of the filter is 1.
    let column: Int
}

extension FilterToken {
    /// All tokens of a text, and one for its end.
    static func all(of text: String) throws(FilterError) -> [FilterToken] {
        var reader = FilterTokenReader(text)
        var tokens: [FilterToken] = []
        repeat { tokens.append(try reader.next()) } while tokens.last?.kind != .end
        return tokens
    }

    /// How a message names it.
    var spelling: String { kind == .end ? "the end" : "\"\(text)\"" }
}

private struct FilterTokenReader {
    private let characters: [Character]
    private var index = 0

    init(_ text: String) { characters = Array(text) }

    private static let delimiters: Set<Character> = ["(", ")", "]", ",", "<", ">", "=", "!", "&", "|", "\"", "'"]
    private static let signs = ["<=", ">=", "!=", "==", "&&", "||", "(", ")", "[", "]", ",", "<", ">", "=", "!"]

    mutating func next() throws(FilterError) -> FilterToken {
        while index < characters.count, characters[index].isWhitespace { index += 1 }
        guard index < characters.count else { return FilterToken(kind: .end, text: "", column: index + 1) }
        if "\"'".contains(characters[index]) { return try quoted() }
        let start = index
        for sign in Self.signs where characters[index...].starts(with: sign) {
            index += sign.count
            return FilterToken(kind: .sign, text: sign, column: start + 1)
        }
        let word = takeWord()
        guard !word.isEmpty else {
            throw FilterError(column: start + 1, "\"\(characters[start])\" has no meaning here; put it in quotes")
        }
        return FilterToken(kind: .word, text: word, column: start + 1)
    }

    private mutating func quoted() throws(FilterError) -> FilterToken {
        let start = index
        guard let end = characters[(start + 1)...].firstIndex(of: characters[start]) else {
            throw FilterError(column: start + 1, "the quote \(characters[start]) is not closed")
        }
        index = end + 1
        return FilterToken(kind: .quoted, text: String(characters[start + 1..<end]), column: start + 1)
    }

    /// A bracket within a word is one of a pattern, as in `tap[0-9]`; that of a list follows `in`.
    private mutating func takeWord() -> String {
        var word = ""
        var isInBracket = false
        while index < characters.count, !characters[index].isWhitespace {
            let character = characters[index]
            if character == "[", word.lowercased() == "in" { break }
            if !isInBracket || character != "]", Self.delimiters.contains(character), !(isInBracket && character == "!")
            {
                break
            }
            isInBracket = character == "[" || isInBracket && character != "]"
            word.append(character)
            index += 1
        }
        return word
    }
}
