// SPDX-License-Identifier: Apache-2.0

/// What a request asks for.
package struct HTTPRequest: Equatable, Sendable {
    package let method: String
    /// Without what follows a question mark.
    package let path: String

    package init(method: String, path: String) {
        self.method = method
        self.path = path
    }
}

/// Reads one request (RFC 9112), byte by byte if need be: a value without a socket or a clock. Never holds more than the
/// longest request.
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
        // What cannot become a request any more is not waited for.
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
        guard method == "GET" else { return .refused(.wrongMethod) }
        return .request(HTTPRequest(method: method, path: String(target.prefix { $0 != "?" })))
    }
}
