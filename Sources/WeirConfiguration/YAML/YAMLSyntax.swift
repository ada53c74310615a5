// SPDX-License-Identifier: Apache-2.0

import Yams

/// What is wrong with the syntax of a file, in words for operators instead of the parser's.
struct YAMLSyntax {
    private let lines: [Substring]
    private let text: String

    init(_ text: String) {
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The line, and what is wrong there; nil for what is no matter of syntax.
    func explain(_ error: YamlError) -> (line: Int, problem: String)? {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            explain(problem, mark, context?.mark)
        case .reader(_, let offset, _, _):
            (
                1 + text.utf8.prefix(offset ?? 0).count { $0 == UInt8(ascii: "\n") },
                "a control character stands here; remove it, or write it as an escape between double quotes"
            )
        default: nil
        }
    }

    private func explain(_ problem: String, _ mark: Mark, _ context: Mark?) -> (line: Int, problem: String) {
        // The parser has read the line feed at the end of the file.
        let line = min(mark.line, max(1, lines.last?.isEmpty == true ? lines.count - 1 : lines.count))
        if isIndentedWithTab(line) {
            return (line, "a tab indents this line; YAML allows blanks alone: replace it by blanks")
        }
        let opening = context?.line ?? line
        switch problem {
        case _ where problem.contains("end of stream"):
            return (opening, "a quotation mark is opened here and not closed")
        case _ where problem.contains("',' or ']'"):
            return (opening, "a list is opened here with [ and not closed with ], or a comma is missing in it")
        case _ where problem.contains("',' or '}'"):
            return (opening, "a mapping is opened here with { and not closed with }, or a comma is missing in it")
        case _ where problem.contains("cannot start any token"):
            let first = character(at: mark).map { "\($0)" } ?? "this"
            return (line, "no text can begin with \(first) in YAML; put it between quotation marks")
        case _ where problem.contains("escape"):
            return (line, "there is no such escape between double quotes; use single quotes: 'text'")
        case _ where problem.contains("nesting"): return (line, "lists and mappings are nested too deep")
        default: return (line, Self.layout(problem))
        }
    }

    /// Lines that do not fit together.
    private static func layout(_ problem: String) -> String {
        switch problem {
        case _ where problem.contains("'-' indicator"):
            """
            the line is no part of the list above it; indent it as the entry that it belongs to, or begin it as the list's \
            other entries with "- "
            """
        case _ where problem.contains("expected key") || problem.contains("block end"):
            "the line does not fit the lines above it; indent it as the keys that it stands beside"
        case _ where problem.contains("mapping values are not allowed"):
            """
            no key can stand here; give each key a line, indent it as the keys beside it, and put text that holds ": " \
            between quotation marks
            """
        case _ where problem.contains("expected ':'"): "a key needs a colon and a blank behind it"
        case _ where problem.contains("YAML document") || problem.contains("directive"):
            "lines that begin with % are not taken; remove it"
        default: "this is not valid YAML; see whether a bracket, a comma or a quotation mark is missing or one too many"
        }
    }

    private func isIndentedWithTab(_ line: Int) -> Bool {
        guard line <= lines.count else { return false }
        return lines[line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
    }

    private func character(at mark: Mark) -> Character? {
        guard mark.line <= lines.count else { return nil }
        return lines[mark.line - 1].dropFirst(mark.column - 1).first
    }
}

extension YAMLSyntax {
    /// The first anchor or alias, which are not taken: a pattern that begins with a star is nearly always meant.
    static func reference(in text: String) -> (line: Int, problem: String)? {
        var scan = YAMLScan()
        for byte in text.utf8 where scan.take(byte) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let word = lines[scan.line - 1].utf8.dropFirst(scan.column)
                .prefix { !" ,]}\r\t".utf8.contains($0) }
            let text = String(decoding: word, as: UTF8.self)
            let name = byte == UInt8(ascii: "*") ? "alias" : "anchor"
            return (
                scan.line,
                "\(text) is an \(name) in YAML, which Weir does not take; write it between quotation marks: \"\(text)\""
            )
        }
        return nil
    }
}

/// Goes through a file byte by byte, as far as it takes to see where a value begins.
private struct YAMLScan {
    private(set) var line = 1
    /// Of the byte that was taken, from 0.
    private(set) var column = -1
    private var quote: UInt8?
    private var isComment = false
    private var beginsValue = true
    private var last = UInt8(ascii: "\n")

    /// Whether an anchor or an alias begins with the byte.
    mutating func take(_ byte: UInt8) -> Bool {
        if last == UInt8(ascii: "\n"), column >= 0 {
            line += 1
            column = -1
        }
        column += 1
        defer { last = byte }
        if byte == UInt8(ascii: "\n") {
            isComment = false
            beginsValue = true
            return false
        }
        if isComment { return false }
        if let open = quote {
            if byte == open, open == UInt8(ascii: "'") || last != UInt8(ascii: "\\") { quote = nil }
            return false
        }
        return takePlain(byte)
    }

    private mutating func takePlain(_ byte: UInt8) -> Bool {
        let isAfterBlank = last == UInt8(ascii: " ") || last == UInt8(ascii: "\n") || last == UInt8(ascii: "\t")
        switch byte {
        case UInt8(ascii: "#") where isAfterBlank: isComment = true
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if beginsValue { quote = byte }
            beginsValue = false
        case UInt8(ascii: "*"), UInt8(ascii: "&"): return beginsValue
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","): beginsValue = true
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            if ":-?".utf8.contains(last) { beginsValue = true }
        default: beginsValue = false
        }
        return false
    }
}
