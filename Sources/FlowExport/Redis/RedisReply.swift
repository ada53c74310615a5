// SPDX-License-Identifier: Apache-2.0

/// What a Redis server answers to a command (RESP2).
enum RedisReply: Equatable {
    case simple(String)
    case error(String)
    case number(Int64)
    case bulk([UInt8])
    case array([RedisReply])
    case none

    /// The text of a string of either kind.
    var text: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    var elements: [RedisReply] {
        if case .array(let elements) = self { elements } else { [] }
    }
}

/// Takes replies from the bytes that a server sends, however they are cut, and bounded: what is longer or deeper than any reply that is asked
/// for is no Redis server's.
struct RedisReplyReader {
    /// Bytes that are no reply.
    struct Malformed: Error {}

    private enum Limits {
        static let line = 4096
        static let bulk = 16 << 20
        static let elements = 100_000
        static let depth = 4
        /// Of all that waits for its end.
        static let bytes = 64 << 20
    }

    private var bytes: [UInt8] = []
    private var place = 0

    mutating func append(_ more: [UInt8]) throws(Malformed) {
        if place == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            place = 0
        }
        bytes += more
        guard bytes.count - place <= Limits.bytes else { throw Malformed() }
    }

    /// The next reply; nil where its end has not come yet.
    mutating func next() throws(Malformed) -> RedisReply? {
        var cursor = place
        guard let reply = try reply(&cursor, depth: 0) else { return nil }
        place = cursor
        return reply
    }

    private func reply(_ cursor: inout Int, depth: Int) throws(Malformed) -> RedisReply? {
        guard depth <= Limits.depth else { throw Malformed() }
        guard cursor < bytes.count else { return nil }
        let kind = bytes[cursor]
        guard Array("+-:$*".utf8).contains(kind) else { throw Malformed() }
        guard let line = try line(&cursor) else { return nil }
        switch kind {
        case UInt8(ascii: "+"): return .simple(String(decoding: line, as: UTF8.self))
        case UInt8(ascii: "-"): return .error(String(decoding: line, as: UTF8.self))
        default: break
        }
        guard let number = Int64(String(decoding: line, as: UTF8.self)) else { throw Malformed() }
        if kind == UInt8(ascii: ":") { return .number(number) }
        if number == -1 { return RedisReply.none }
        guard number >= 0 else { throw Malformed() }
        return kind == UInt8(ascii: "$")
            ? try bulk(&cursor, number) : try array(&cursor, number, depth: depth)
    }

    /// What stands behind the first byte, up to CRLF.
    private func line(_ cursor: inout Int) throws(Malformed) -> ArraySlice<UInt8>? {
        let rest = bytes[(cursor + 1)...].prefix(Limits.line)
        guard let end = rest.firstIndex(of: UInt8(ascii: "\r")), end + 1 < bytes.count else {
            guard rest.count < Limits.line else { throw Malformed() }
            return nil
        }
        guard bytes[end + 1] == UInt8(ascii: "\n") else { throw Malformed() }
        let line = bytes[(cursor + 1)..<end]
        cursor = end + 2
        return line
    }

    private func bulk(_ cursor: inout Int, _ count: Int64) throws(Malformed) -> RedisReply? {
        guard count <= Limits.bulk else { throw Malformed() }
        let end = cursor + Int(count)
        guard end + 2 <= bytes.count else { return nil }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else { throw Malformed() }
        let value = Array(bytes[cursor..<end])
        cursor = end + 2
        return .bulk(value)
    }

    private func array(_ cursor: inout Int, _ count: Int64, depth: Int) throws(Malformed) -> RedisReply? {
        guard count <= Limits.elements else { throw Malformed() }
        var elements: [RedisReply] = []
        for _ in 0..<count {
            guard let element = try reply(&cursor, depth: depth + 1) else { return nil }
            elements.append(element)
        }
        return .array(elements)
    }
}
