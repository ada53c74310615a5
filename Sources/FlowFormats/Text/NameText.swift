// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
    /// Appends text as it is: for our own words.
    package mutating func appendText(_ text: String) {
        append(addingCapacity: text.utf8.count) { $0.appendText(text) }
    }

    /// Appends a JSON string with its quotes; what RFC 8259 §7 wants escaped is.
    package mutating func appendJSONString(_ text: String) {
        let source = text.utf8.span
        // The longest escape has six bytes.
        append(addingCapacity: 6 * source.count + 2) { line in
            line.append(UInt8(ascii: "\""))
            for index in source.indices { line.appendEscaped(source[index]) }
            line.append(UInt8(ascii: "\""))
        }
    }
}

extension OutputSpan<UInt8> {
    mutating func appendText(_ text: String) {
        let source = text.utf8.span
        for index in source.indices { append(source[index]) }
    }

    /// Appends an operator's name so that it cannot break a line into other columns or lines: blanks and control
    /// characters become `_`, an empty name `-`.
    mutating func appendWord(_ name: String) {
        let source = name.utf8.span
        if source.isEmpty { return append(UInt8(ascii: "-")) }
        for index in source.indices {
            let byte = source[index]
            append(byte <= 0x20 || byte == 0x7F ? UInt8(ascii: "_") : byte)
        }
    }

    mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            append(UInt8(ascii: "\\"))
            append(byte)
        case 0..<0x20:
            appendText("\\u00")
            append(hexadecimalDigit(byte >> 4))
            append(hexadecimalDigit(byte))
        default: append(byte)
        }
    }
}
