// SPDX-License-Identifier: Apache-2.0

/// The name of a network interface, which may hold any byte but blanks and `/` (dev_valid_name in net/core/dev.c), as text.
///
/// A byte that is not UTF-8 stands as `\xff`; a backslash that would read as such stands as `\x5c`. So each name has a text, and
/// each such text one name.
package enum InterfaceName {
    package static func text(of bytes: [UInt8]) -> String {
        // Whatever has no backslash is its own text.
        if !bytes.contains(UInt8(ascii: "\\")), let text = String(validating: bytes, as: UTF8.self) { return text }
        var rest = bytes[...]
        var text = ""
        while let first = rest.first {
            if first != UInt8(ascii: "\\"), let scalar = firstScalar(of: rest) {
                text.unicodeScalars.append(scalar)
                rest.removeFirst(UTF8.width(scalar))
            } else {
                text +=
                    first == UInt8(ascii: "\\") && rest.dropFirst().first != UInt8(ascii: "x") ? "\\" : escape(first)
                rest.removeFirst()
            }
        }
        return text
    }

    /// The bytes that the kernel knows it by. What an operator writes as `\x1b` is that byte, too.
    package static func bytes(of text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.popFirst() {
            if first == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"),
                let byte = escaped(rest.dropFirst().prefix(2))
            {
                bytes.append(byte)
                rest.removeFirst(3)
            } else {
                bytes.append(first)
            }
        }
        return bytes
    }

    /// The one text of the name that an operator has written in whatever way.
    package static func canonical(_ text: String) -> String { self.text(of: bytes(of: text)) }

    private static func firstScalar(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        for count in 1...4 where count <= bytes.count {
            if let text = String(validating: bytes.prefix(count), as: UTF8.self) { return text.unicodeScalars.first }
        }
        return nil
    }

    private static func escape(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func escaped(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
