// SPDX-License-Identifier: Apache-2.0

extension LineWriter {
    /// An operator's name so that it cannot break a line into other columns or lines: blanks and control characters
    /// become `_`, an empty name `-`. One byte where the name is empty, else as many as it has.
    mutating func word(_ name: String) {
        if name.isEmpty { return byte(UInt8(ascii: "-")) }
        for byte in name.utf8 { self.byte(byte <= 0x20 || byte == 0x7F ? UInt8(ascii: "_") : byte) }
    }

    /// A JSON string with its quotes; what RFC 8259 §7 wants escaped is. At most six bytes for one, and the quotes.
    mutating func jsonString(_ text: String) {
        byte(UInt8(ascii: "\""))
        for byte in text.utf8 { escaped(byte) }
        byte(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            self.byte(UInt8(ascii: "\\"))
            self.byte(byte)
        case 0..<0x20:
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
