// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension LineWriter {
    /// An operator's name so that it cannot break a line into other columns or lines: blanks, control characters and what does
    /// not show itself become `_`, an empty name `-`. One byte where the name is empty, else at most as many as it has.
    mutating func word(_ name: String) {
        if name.isEmpty { return byte(UInt8(ascii: "-")) }
        for scalar in name.unicodeScalars {
            if scalar != " ", PrintableText.isPrintable(scalar) { bytes(of: scalar) } else { byte(UInt8(ascii: "_")) }
        }
    }

    /// A JSON string with its quotes; what RFC 8259 §7 wants escaped is, and what does not show itself. At most six bytes for
    /// one, and the quotes.
    mutating func jsonString(_ text: String) {
        byte(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                escaped(UInt8(scalar.value))
            } else if PrintableText.isPrintable(scalar) {
                bytes(of: scalar)
            } else {
                for unit in UTF16.encode(scalar) ?? .init() { escaped(unit) }
            }
        }
        byte(UInt8(ascii: "\""))
    }

    private mutating func bytes(of scalar: Unicode.Scalar) {
        for byte in UTF8.encode(scalar) ?? .init() { self.byte(byte) }
    }

    private mutating func escaped(_ unit: UInt16) {
        text("\\u")
        for shift: UInt16 in [12, 8, 4, 0] { byte(hexadecimalDigit(UInt8(truncatingIfNeeded: unit >> shift & 15))) }
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            self.byte(UInt8(ascii: "\\"))
            self.byte(byte)
        case 0..<0x20, 0x7F:
            text("\\u00")
            self.byte(hexadecimalDigit(byte >> 4))
            self.byte(hexadecimalDigit(byte))
        default: self.byte(byte)
        }
    }
}

extension [UInt8] {
    /// Appends text as it is: for our own words.
    package mutating func appendText(_ text: String) { append(contentsOf: text.utf8) }

    /// Appends a name as one word.
    mutating func appendWord(_ name: String) { appendLine(longest: name.utf8.count + 1) { $0.word(name) } }

    /// Appends a JSON string.
    mutating func appendJSONString(_ text: String) {
        appendLine(longest: 6 * text.utf8.count + 2) { $0.jsonString(text) }
    }
}
