// SPDX-License-Identifier: Apache-2.0

/// Reads the head of one request (RFC 9112), byte by byte if need be: a value without a socket or a clock. Never holds more
/// than the longest request.
package struct HTTPRequestReader {
    package enum Outcome: Equatable {
        case incomplete
        case request(HTTPRequest)
        case refused(HTTPAnswer)
    }

    private var bytes: [UInt8] = []

    package static let longest = 8192

    package init() {}

    /// Takes what was received. After an outcome that is not `incomplete` it takes no more.
    package mutating func take(_ received: [UInt8]) -> Outcome {
        let known = max(0, bytes.count - 3)
        bytes += received.prefix(Self.longest + 1 - bytes.count)
        if Self.endsHead(bytes[known...]) { return outcome }
        if bytes.count > Self.longest { return .refused(.tooLong) }
        // Bytes that cannot become a request are refused at once.
        return received.contains(0) ? .refused(.malformed) : .incomplete
    }

    /// Whether an empty line is there; some clients leave out carriage returns (RFC 9112 §2.2).
    private static func endsHead(_ bytes: ArraySlice<UInt8>) -> Bool {
        var lineFeeds = 0
        for byte in bytes where byte != UInt8(ascii: "\r") {
            lineFeeds = byte == UInt8(ascii: "\n") ? lineFeeds + 1 : 0
            if lineFeeds == 2 { return true }
        }
        return false
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
