// SPDX-License-Identifier: Apache-2.0

/// The words of a Swift file that name something, without those of comments and of text.
///
/// Good enough to find which file uses which file's types: it knows strings, raw strings, interpolation and regular
/// expressions, not scopes.
struct SwiftWords {
    struct Word {
        let text: String
        /// How many braces are open before it.
        let depth: Int
        /// Whether it stands behind a dot, as members do.
        let isMember: Bool
        let line: Int
    }

    private(set) var words: [Word] = []
    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0
    private var line = 0
    /// What stood before, but for blanks: a slash behind some of these begins a regular expression.
    private var last = UInt8(ascii: "(")

    init(_ text: String) {
        bytes = Array(text.utf8)
        while place < bytes.count { skipOne() }
    }

    private mutating func skipOne() {
        let byte = bytes[place]
        if Self.isPartOfWord[Int(byte)] { return takeWord() }
        switch byte {
        case UInt8(ascii: "/"):
            if has("//") { return skip("//", to: "\n") }
            if has("/*") { return skip("/*", to: "*/") }
            if isRegex { return skipRegex() }
        case UInt8(ascii: "#"):
            if has("#\"\"\"") { return skip("#\"\"\"", to: "\"\"\"#") }
            if has("#\"") { return skip("#\"", to: "\"#") }
            if has("#/") { return skip("#/", to: "/#") }
        case UInt8(ascii: "\""): return skipText(until: has("\"\"\"") ? "\"\"\"" : "\"")
        case UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "}"): depth -= 1
        case UInt8(ascii: "\n"), UInt8(ascii: " "): return advance(1)
        default: break
        }
        advance(1)
        last = byte
    }

    private mutating func takeWord() {
        let start = place
        while place < bytes.count, Self.isPartOfWord[Int(bytes[place])] { place += 1 }
        words.append(
            Word(
                text: String(decoding: bytes[start..<place], as: UTF8.self), depth: depth,
                isMember: last == UInt8(ascii: "."), line: line))
        last = UInt8(ascii: "a")
    }

    /// Up to the end of a string; what is interpolated is code.
    private mutating func skipText(until quote: String) {
        advance(quote.utf8.count)
        while place < bytes.count, !has(quote) {
            guard bytes[place] == UInt8(ascii: "\\") else {
                advance(1)
                continue
            }
            let isInterpolation = has("\\(")
            advance(2)
            if isInterpolation { skipInterpolation() }
        }
        advance(quote.utf8.count)
        last = UInt8(ascii: "\"")
    }

    private mutating func skipInterpolation() {
        var open = 1
        last = UInt8(ascii: "(")
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "(") { open += 1 }
            if bytes[place] == UInt8(ascii: ")") { open -= 1 }
            guard open > 0 else { return advance(1) }
            skipOne()
        }
    }

    private var isRegex: Bool { !has("/ ") && !has("/=") && "(,=:[{".utf8.contains(last) }

    private mutating func skipRegex() {
        advance(1)
        while place < bytes.count, bytes[place] != UInt8(ascii: "/"), bytes[place] != UInt8(ascii: "\n") {
            advance(bytes[place] == UInt8(ascii: "\\") ? 2 : 1)
        }
        advance(1)
        last = UInt8(ascii: "/")
    }

    private mutating func skip(_ start: String, to end: String) {
        advance(start.utf8.count)
        while place < bytes.count, !has(end) { advance(1) }
        advance(end.utf8.count)
    }

    private mutating func advance(_ count: Int) {
        for _ in 0..<count where place < bytes.count {
            if bytes[place] == UInt8(ascii: "\n") { line += 1 }
            place += 1
        }
    }

    private func has(_ text: String) -> Bool {
        guard bytes[place] == text.utf8.first else { return false }
        return bytes[place...].starts(with: text.utf8)
    }

    private static let isPartOfWord: [Bool] = (0...255).map { (byte: UInt8) in
        byte >= 0x80 || byte == UInt8(ascii: "_") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }
}
