// SPDX-License-Identifier: Apache-2.0

/// Text from outside as people may read it: what a terminal would obey, or would not show, stands as its number.
///
/// Control characters are written `\x1b`, all others such as U+202E `\u{202e}`. The last step before text is shown, so that no
/// place can forget it.
package enum PrintableText {
    /// - Parameter keepsLines: whether line feeds and tabs are the caller's own.
    package static func of(_ text: String, keepsLines: Bool = false) -> String {
        if text.utf8.allSatisfy({ isPlain($0) || keepsLines && isLayout($0) }) { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if isPrintable(scalar) || keepsLines && scalar.isASCII && isLayout(UInt8(scalar.value)) {
                result.unicodeScalars.append(scalar)
            } else {
                result += number(of: scalar)
            }
        }
    }

    /// Whether the scalar shows itself, and moves nothing else on the line: no control, format or private character, no
    /// separator but the blank, nothing that Unicode says to ignore (Unicode Standard Annex 44, Default_Ignorable_Code_Point).
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return isPlain(UInt8(scalar.value)) }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }

    private static func isLayout(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") }

    private static func number(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return scalar.isASCII ? "\\x" + (digits.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
    }
}

extension PrintableText {
    /// JSON in which such characters of strings stand as escapes: the same values for a parser (RFC 8259 §7).
    ///
    /// - Parameter json: valid JSON, whose own layout is line feeds and blanks.
    package static func json(_ json: String) -> String {
        if json.utf8.allSatisfy({ isPlain($0) || isLayout($0) }) { return json }
        return json.unicodeScalars.reduce(into: "") { result, scalar in
            if isPrintable(scalar) || scalar.isASCII && isLayout(UInt8(scalar.value)) {
                result.unicodeScalars.append(scalar)
            } else {
                for unit in UTF16.encode(scalar) ?? .init() { result += "\\u" + hexadecimal(unit) }
            }
        }
    }

    private static func hexadecimal(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
