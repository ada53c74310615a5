// SPDX-License-Identifier: Apache-2.0

/// Reads an answer of a daemon of Open vSwitch to one command, as it comes: JSON-RPC without framing,
/// `{"id":0,"result":"…","error":null}`. Never holds more of it than a line.
package struct UnixctlReply: Sendable {
    /// What cannot be the answer to a command, at the byte where that is certain.
    package struct Malformed: Error, Equatable {}

    private enum State { case start, key, colon, value, text, literal, comma, end }

    /// Whose value comes.
    private enum Member { case result, error, other }

    private var state = State.start
    private var member = Member.other
    private var name: [UInt8] = []
    private var isInName = false
    private var isEscaped = false
    /// Digits that are still to come of `\u0000`, and what there is of them.
    private var digitsLeft = 0
    private var code: UInt32 = 0
    private var literal: [UInt8] = []
    private var line: [UInt8] = []
    private var isOverlong = false
    private var errorText: [UInt8] = []
    private var hasError = false

    /// In bytes. Longer lines are discarded.
    package static let longestLine = 64 << 10
    private static let longestError = 500

    package init() {}

    /// Whether all has come.
    package var isComplete: Bool { state == .end }

    /// Why the command has failed, as the daemon says; nil where it has not.
    package var error: String? { hasError ? String(decoding: errorText, as: UTF8.self) : nil }

    /// Takes what has come, and calls the function with each line of the result that is whole with it.
    package mutating func take(_ bytes: [UInt8], onLine: (String) -> Void) throws(Malformed) {
        var index = 0
        while index < bytes.count {
            let plain = plainText(in: bytes, from: index)
            if plain > index {
                if !isOverlong { line += bytes[index..<plain] }
                isOverlong = isOverlong || line.count > Self.longestLine
                if isOverlong { line.removeAll(keepingCapacity: true) }
                index = plain
            } else {
                try take(bytes[index], onLine)
                index += 1
            }
        }
    }

    /// Where text of the result that stands for itself ends: all of it is taken at once.
    private func plainText(in bytes: [UInt8], from start: Int) -> Int {
        guard state == .text, !isInName, !isEscaped, digitsLeft == 0, member == .result else { return start }
        var index = start
        while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5C, bytes[index] != 0x0A { index += 1 }
        return index
    }

    private mutating func take(_ byte: UInt8, _ onLine: (String) -> Void) throws(Malformed) {
        switch state {
        case .text: try takeText(byte, onLine)
        case .literal: try takeLiteral(byte)
        default: if !Self.isSpace(byte) { try takeMark(byte) }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }

    /// What stands between names and values.
    private mutating func takeMark(_ byte: UInt8) throws(Malformed) {
        switch (state, byte) {
        case (.start, UInt8(ascii: "{")): state = .key
        case (.key, UInt8(ascii: "\"")):
            (state, isInName, name) = (.text, true, [])
        case (.colon, UInt8(ascii: ":")): state = .value
        case (.value, UInt8(ascii: "\"")):
            (state, isInName) = (.text, false)
            if member == .error { hasError = true }
        case (.value, UInt8(ascii: "a")...UInt8(ascii: "z")), (.value, UInt8(ascii: "0")...UInt8(ascii: "9")),
            (.value, UInt8(ascii: "-")):
            (state, literal) = (.literal, [byte])
        case (.comma, UInt8(ascii: ",")): state = .key
        case (.comma, UInt8(ascii: "}")): state = .end
        default: throw Malformed()
        }
    }

    private mutating func takeLiteral(_ byte: UInt8) throws(Malformed) {
        if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || Self.isSpace(byte) {
            if member == .error { hasError = literal != Array("null".utf8) }
            state = .comma
            if !Self.isSpace(byte) { try takeMark(byte) }
            return
        }
        literal.append(byte)
        guard literal.count <= 32 else { throw Malformed() }
    }

    // MARK: Text

    private mutating func takeText(_ byte: UInt8, _ onLine: (String) -> Void) throws(Malformed) {
        if digitsLeft > 0 { return try takeDigit(byte, onLine) }
        if isEscaped {
            isEscaped = false
            return try takeEscaped(byte, onLine)
        }
        switch byte {
        case UInt8(ascii: "\\"): isEscaped = true
        case UInt8(ascii: "\""): endText(onLine)
        default: add(byte, onLine)
        }
    }

    private mutating func takeEscaped(_ byte: UInt8, _ onLine: (String) -> Void) throws(Malformed) {
        switch byte {
        case UInt8(ascii: "n"): add(0x0a, onLine)
        case UInt8(ascii: "t"): add(0x09, onLine)
        case UInt8(ascii: "r"): add(0x0d, onLine)
        case UInt8(ascii: "b"), UInt8(ascii: "f"): add(0x20, onLine)
        case UInt8(ascii: "u"): (digitsLeft, code) = (4, 0)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): add(byte, onLine)
        default: throw Malformed()
        }
    }

    private mutating func takeDigit(_ byte: UInt8, _ onLine: (String) -> Void) throws(Malformed) {
        guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { throw Malformed() }
        code = code << 4 | UInt32(digit)
        digitsLeft -= 1
        guard digitsLeft == 0 else { return }
        // Half of a pair is of no name that a switch has.
        for byte in String(UnicodeScalar(code) ?? "?").utf8 { add(byte, onLine) }
    }

    private mutating func add(_ byte: UInt8, _ onLine: (String) -> Void) {
        if isInName {
            if name.count < 16 { name.append(byte) }
        } else if member == .error {
            if errorText.count < Self.longestError { errorText.append(byte) }
        } else if member == .result {
            if byte == 0x0a { return endLine(onLine) }
            if line.count < Self.longestLine { line.append(byte) } else { isOverlong = true }
        }
    }

    private mutating func endText(_ onLine: (String) -> Void) {
        if !isInName, member == .result, !line.isEmpty || isOverlong { endLine(onLine) }
        if isInName {
            member = name == Array("result".utf8) ? .result : name == Array("error".utf8) ? .error : .other
        }
        state = isInName ? .colon : .comma
    }

    private mutating func endLine(_ onLine: (String) -> Void) {
        onLine(isOverlong ? "a line that is too long" : String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
        isOverlong = false
    }
}
