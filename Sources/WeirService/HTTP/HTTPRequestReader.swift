// SPDX-License-Identifier: Apache-2.0

/// Reads one request (RFC 9112), byte by byte if need be: a value without a socket or a clock. Never holds more than the longest head and the
/// longest body.
package struct HTTPRequestReader {
    package enum Outcome: Equatable {
        case incomplete
        case request(HTTPRequest)
        case refused(HTTPAnswer)
    }

    /// The head.
    private var bytes: [UInt8] = []
    /// Whose body is read now, and the bytes that it is to have.
    private var headed: (request: HTTPRequest, length: Int)?
    private let mostBody: Int

    package static let longest = 8192

    /// - Parameter mostBody: bytes of a body; 0: none is read.
    package init(mostBody: Int = 0) { self.mostBody = mostBody }

    /// Takes what was received. After an outcome that is not `incomplete` it takes no more.
    package mutating func take(_ received: [UInt8]) -> Outcome {
        if headed != nil { return takeBody(received[...]) }
        let (known, before) = (max(0, bytes.count - 3), bytes.count)
        bytes += received.prefix(Self.longest + 1 - bytes.count)
        if let end = Self.endOfHead(bytes[known...]) {
            bytes.removeSubrange(end...)
            return outcome(followedBy: received.dropFirst(end - before))
        }
        if bytes.count > Self.longest { return .refused(.tooLong) }
        // Bytes that cannot become a request are refused at once.
        return received.contains(0) ? .refused(.malformed) : .incomplete
    }

    /// Whether an empty line is there; some clients leave out carriage returns (RFC 9112 §2.2).
    ///
    /// - Returns: the place behind it.
    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        var lineFeeds = 0
        for (index, byte) in zip(bytes.indices, bytes) where byte != UInt8(ascii: "\r") {
            lineFeeds = byte == UInt8(ascii: "\n") ? lineFeeds + 1 : 0
            if lineFeeds == 2 { return index + 1 }
        }
        return nil
    }

    private mutating func outcome(followedBy rest: ArraySlice<UInt8>) -> Outcome {
        guard case .request(let request) = outcome, mostBody > 0 else { return outcome }
        if field("transfer-encoding") != nil { return .refused(.bodyWithoutLength) }
        guard let text = field("content-length") else { return .request(request) }
        guard let length = Int(text), length >= 0 else { return .refused(.malformed) }
        guard length <= mostBody else { return .refused(.bodyTooLarge(most: mostBody)) }
        headed = (request, length)
        return takeBody(rest)
    }

    private mutating func takeBody(_ received: ArraySlice<UInt8>) -> Outcome {
        guard let (head, length) = headed else { return .refused(.malformed) }
        var request = head
        request.body += received.prefix(length - request.body.count)
        headed = (request, length)
        return request.body.count == length ? .request(request) : .incomplete
    }

    private var outcome: Outcome {
        let line = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, words[2].starts(with: Array("HTTP/1.".utf8)), words[1].first == UInt8(ascii: "/"),
            let method = String(validating: words[0], as: UTF8.self),
            let target = String(validating: words[1], as: UTF8.self)
        else { return .refused(.malformed) }
        let path = target.prefix { $0 != "?" }
        guard let query = HTTPQuery(decoding: target.dropFirst(path.count + 1)) else { return .refused(.badQuery) }
        return .request(
            HTTPRequest(method: method, path: String(path), query: query, knownTags: field("if-none-match")))
    }

    /// The value of the first header field of that name, which is in lower case; nil where there is none, or it is not text.
    private func field(_ name: String) -> String? {
        for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            guard parts.count == 2, String(decoding: parts[0], as: UTF8.self).lowercased() == name else { continue }
            return String(validating: parts[1], as: UTF8.self)?.trimmingBlanks
        }
        return nil
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        return String(Substring(drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
    }
}
