// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
    /// Appends text as it is: for our own words.
    package mutating func appendText(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends an operator's name so that it cannot break a line into other columns or lines: blanks and control
    /// characters become `_`, an empty name `-`.
    package mutating func appendWord(_ name: String) {
        if name.isEmpty { return append(UInt8(ascii: "-")) }
        let start = count
        append(contentsOf: name.utf8)
        for index in start..<count where self[index] <= 0x20 || self[index] == 0x7F {
            self[index] = UInt8(ascii: "_")
        }
    }

    /// Appends a JSON string with its quotes; what RFC 8259 §7 wants escaped is.
    package mutating func appendJSONString(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
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
        append(UInt8(ascii: "\""))
    }
}
