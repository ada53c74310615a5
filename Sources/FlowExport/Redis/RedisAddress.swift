// SPDX-License-Identifier: Apache-2.0

/// Where a Redis server is, and as whom to speak to it: `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`, or
/// `redis+unix://[USER[:PASSWORD]@]/PATH[?db=DATABASE]`.
package struct RedisAddress: Codable, Equatable, Sendable {
    package enum Place: Codable, Equatable, Sendable {
        /// A name, or a numeric address without brackets.
        case tcp(host: String, port: UInt16)
        case path(String)
    }

    package var place: Place
    package var user: String?
    package var password: String?
    package var database = 0

    package init(_ place: Place) { self.place = place }

    /// What stands where a password is hidden.
    private static let hidden = "***"

    /// Reads an address.
    ///
    /// - Throws: what is wrong, in words that fit behind the name of the key; never the password.
    package init(_ text: String) throws(RedisAddressError) {
        guard let end = text.firstRange(of: "://") else { throw .form }
        let rest = text[end.upperBound...]
        switch text[..<end.lowerBound] {
        case "redis": try self.init(tcp: rest)
        case "redis+unix": try self.init(path: rest)
        case "rediss":
            throw RedisAddressError(
                "asks for TLS, which Weir does not speak: have stunnel or another proxy on this host do it, and name that proxy with redis://"
            )
        default: throw .form
        }
    }

    private init(tcp text: Substring) throws(RedisAddressError) {
        let (user, rest) = Self.split(text)
        guard !rest.contains("?"), !rest.contains("#") else { throw .form }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(try Self.place(parts[0]))
        try take(user)
        if parts.count > 1, !parts[1].isEmpty { database = try Self.database(parts[1]) }
    }

    private init(path text: Substring) throws(RedisAddressError) {
        let (user, rest) = Self.split(text)
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = Self.decoded(parts[0]), path.hasPrefix("/"), path.utf8.count <= 107, !path.utf8.contains(0)
        else {
            throw RedisAddressError(
                "must name a path from the root of at most 107 bytes: redis+unix:///run/redis/redis.sock")
        }
        self.init(.path(path))
        try take(user)
        guard parts.count > 1 else { return }
        guard parts[1].hasPrefix("db=") else { throw .form }
        database = try Self.database(parts[1].dropFirst(3))
    }

    /// What stands before the last `@`, and the rest.
    private static func split(_ text: Substring) -> (user: Substring?, rest: Substring) {
        guard let at = text.lastIndex(of: "@") else { return (nil, text) }
        return (text[..<at], text[text.index(after: at)...])
    }

    private static func place(_ text: Substring) throws(RedisAddressError) -> Place {
        var (host, port) = (text, Substring("6379"))
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw .form }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":"), host.contains(":") else { throw .form }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let colon = text.firstIndex(of: ":") {
            (host, port) = (text[..<colon], text[text.index(after: colon)...])
        }
        let isName = host.utf8.allSatisfy {
            $0 < 0x80 && (Character(UnicodeScalar($0)).isLetter || Character(UnicodeScalar($0)).isNumber)
                || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":")].contains($0)
        }
        guard !host.isEmpty, host.utf8.count <= 253, isName else {
            throw RedisAddressError("must name a host by its name, its IPv4 address, or its IPv6 address in brackets")
        }
        guard let number = UInt16(port), number > 0 else {
            throw RedisAddressError("must have a port from 1 to 65535")
        }
        return .tcp(host: String(host), port: number)
    }

    private static func database(_ text: Substring) throws(RedisAddressError) -> Int {
        guard let number = Int(text), (0...1_000_000).contains(number), !text.hasPrefix("+") else {
            throw RedisAddressError("must have a whole number from 0 on as its database")
        }
        return number
    }

    private mutating func take(_ text: Substring?) throws(RedisAddressError) {
        guard let text else { return }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let words = parts.map { Self.decoded($0) }
        guard let user = words[0], words.count == 1 || words[1] != nil else {
            throw RedisAddressError("has a % in its user or password that no two hexadecimal digits follow: write %25")
        }
        if !user.isEmpty { self.user = user }
        guard words.count > 1, let password = words[1] else { return }
        guard password != Self.hidden else {
            throw RedisAddressError("has a password that was hidden (***): write the password, or use password-file")
        }
        self.password = password
    }

    /// Without percent-encoding (RFC 3986 §2.1); nil where it is wrong.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let number = UInt8(String(rest.prefix(2)) ?? "", radix: 16), rest.count >= 2 else { return nil }
            bytes.append(number)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension RedisAddress: CustomStringConvertible {
    /// As it was written, without the password.
    package var description: String { text(of: password.map { _ in Self.hidden }) }

    private func text(of password: String?) -> String {
        let name = Self.encoded(user ?? "")
        let account = user == nil && password == nil ? "" : name + (password.map { ":\($0)" } ?? "") + "@"
        return switch place {
        case .tcp(let host, let port):
            "redis://\(account)\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .path(let path): "redis+unix://\(account)\(Self.encoded(path, "/"))?db=\(database)"
        }
    }

    private static func encoded(_ text: String, _ more: String = "") -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~\(more)".utf8)
        return text.utf8.reduce(into: "") { result, byte in
            let digits = String(byte, radix: 16, uppercase: true)
            result += plain.contains(byte) ? String(UnicodeScalar(byte)) : "%\(byte < 16 ? "0" : "")\(digits)"
        }
    }
}

/// What is wrong with an address, in words that fit behind the name of the key.
package struct RedisAddressError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    static let form = RedisAddressError(
        "must be redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE] or redis+unix:///PATH[?db=DATABASE]")
}
