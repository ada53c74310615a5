// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON value from bytes (RFC 8259), strictly: what is not JSON throws, whatever it is.
package struct JSONReader {
    /// What is wrong, and where.
    package struct Malformed: Error, Equatable, CustomStringConvertible {
        package let offset: Int
        package let problem: String

        package var description: String { "\(problem) at byte \(offset)" }
    }

    /// Values inside values; what is nested deeper is refused before it can use up the stack.
    package static let deepest = 64

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The value that the bytes are, with nothing but white space around it.
    package static func value(of bytes: [UInt8]) throws(Malformed) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.next == nil else { throw reader.malformed("more than one value") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func malformed(_ problem: String) -> Malformed { Malformed(offset: position, problem: problem) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ text: StaticString) throws(Malformed) {
        let wanted = "\(text)".utf8
        guard bytes[position...].starts(with: wanted) else { throw malformed("not \(text)") }
        position += wanted.count
    }

    private mutating func value(depth: Int) throws(Malformed) -> JSONValue {
        skipSpace()
        guard depth <= Self.deepest else { throw malformed("too many values inside one another") }
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: return try number()
        }
    }

    private mutating func array(_ depth: Int) throws(Malformed) -> JSONValue {
        try expect("[")
        var values: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            try expect(",")
        }
    }

    private mutating func object(_ depth: Int) throws(Malformed) -> JSONValue {
        try expect("{")
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            let name = try string()
            skipSpace()
            try expect(":")
            members[name] = try value(depth: depth + 1)
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            try expect(",")
        }
    }
}

extension JSONReader {
    private mutating func number() throws(Malformed) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        // No digit may follow a leading zero.
        if !take(UInt8(ascii: "0")) { try digits() }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw malformed("a number out of range") }
        return .real(value)
    }

    private mutating func digits() throws(Malformed) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw malformed("no value") }
    }

    private mutating func string() throws(Malformed) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else { throw malformed("text is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): text += try escape().utf8
            case 0..<0x20: throw malformed("a control character in text")
            default: text.append(byte)
            }
        }
        throw malformed("text without an end")
    }

    private mutating func escape() throws(Malformed) -> String {
        guard let letter = next else { throw malformed("text without an end") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(Unicode.Scalar(letter))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return String(try scalar())
        default: throw malformed("an unknown escape in text")
        }
    }

    /// What follows `\u`; a pair of surrogates is one.
    private mutating func scalar() throws(Malformed) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xd800...0xdbff).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw malformed("half a character in text")
        }
        let second = try codeUnit()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw malformed("half a character in text") }
        return scalar
    }

    private mutating func codeUnit() throws(Malformed) -> UInt32 {
        let text = bytes[position...].prefix(4)
        let isHexadecimal = text.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
        guard text.count == 4, isHexadecimal,
            let value = UInt32(String(decoding: text, as: UTF8.self), radix: 16)
        else { throw malformed("an escape without four digits in text") }
        position += 4
        return value
    }
}
