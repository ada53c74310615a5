// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of JSON objects that follow one another, with nothing but white space between, into messages.
///
/// JSON-RPC over a stream has no framing of its own (RFC 7047 §4): a message ends with the brace that closes it.
package struct JSONStream: Sendable {
    package enum Broken: Error, Equatable {
        /// Something that is no object.
        case notAnObject
        /// A message that is longer than is taken.
        case tooLong
    }

    private let limit: Int
    private var message: [UInt8] = []
    private var depth = 0
    private var isInText = false
    private var isEscaped = false

    /// - Parameter limit: of one message, in bytes.
    package init(limit: Int) { self.limit = limit }

    /// Takes what has come, and returns the messages that are complete with it, in their order.
    package mutating func take(_ bytes: [UInt8]) throws(Broken) -> [[UInt8]] {
        var complete: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if depth == 0 {
                rest = rest.drop { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }
                guard let first = rest.first else { break }
                guard first == UInt8(ascii: "{") else { throw .notAnObject }
            }
            let end = endOfMessage(in: rest)
            let part = rest[..<(end ?? rest.endIndex)]
            guard message.count + part.count <= limit else { throw .tooLong }
            message += part
            rest = rest[part.endIndex...]
            if end != nil {
                complete.append(message)
                message = []
            }
        }
        return complete
    }

    /// Where the message that has begun ends, behind its last byte; nil where it goes on.
    private mutating func endOfMessage(in bytes: ArraySlice<UInt8>) -> Int? {
        for index in bytes.indices {
            note(bytes[index])
            if depth == 0 { return index + 1 }
        }
        return nil
    }

    private mutating func note(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
            return
        }
        switch byte {
        case UInt8(ascii: "\""): isInText.toggle()
        case UInt8(ascii: "\\"): isEscaped = isInText
        case UInt8(ascii: "{") where !isInText: depth += 1
        case UInt8(ascii: "}") where !isInText: depth -= 1
        default: break
        }
    }
}
