// SPDX-License-Identifier: Apache-2.0

/// An answer, after which the server closes the connection.
package struct HTTPAnswer: Equatable, Sendable {
    package let status: Int
    package let reason: String
    /// nil where the answer has no body of a known length.
    package let contentType: String?
    package let body: [UInt8]
    /// Header fields beside those of the content and of the connection.
    package private(set) var fields: [Field] = []
    /// Whether the body is left out, as a HEAD request asks; its length is still told.
    package private(set) var isHeadOnly = false

    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    package init(status: Int = 200, _ reason: String = "OK", contentType: String, body: [UInt8]) {
        self.status = status
        self.reason = reason
        self.contentType = contentType
        self.body = body
    }

    /// A sentence for people.
    package init(status: Int, _ reason: String, sentence: String) {
        self.init(status: status, reason, contentType: "text/plain; charset=utf-8", body: Array((sentence + "\n").utf8))
    }

    /// Without a length: there is no body, or the end of the connection ends it.
    init(status: Int, withoutLength reason: String) {
        self.status = status
        self.reason = reason
        contentType = nil
        body = []
    }

    /// What is sent of the body.
    var sentBody: [UInt8] { isHeadOnly ? [] : body }

    package var head: [UInt8] {
        let content = contentType.map { ["Content-Type: \($0)", "Content-Length: \(body.count)"] } ?? []
        let others = fields.map { "\($0.name): \($0.value)" }
        let lines = ["HTTP/1.1 \(status) \(reason)"] + content + others + ["Connection: close", "", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    package func with(_ name: String, _ value: String) -> HTTPAnswer {
        var answer = self
        answer.fields.append(Field(name: name, value: value))
        return answer
    }

    package var headOnly: HTTPAnswer {
        var answer = self
        answer.isHeadOnly = true
        return answer
    }
}

extension HTTPAnswer {
    /// The answer with an entity tag of its body (RFC 9110 §8.8.3): a client that has it already is answered with 304.
    package var tagged: HTTPAnswer {
        // FNV-1a: a tag tells versions of one page apart; it does not protect against anything.
        let hash = body.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return with("ETag", "\"\(String(hash, radix: 16))-\(body.count)\"")
    }

    private var tag: String? { fields.first { $0.name == "ETag" }?.value }

    /// The answer to a client that has the entities of these tags: the same, or 304 without a body (RFC 9110 §13.1.2).
    func unlessKnown(_ knownTags: String?) -> HTTPAnswer {
        guard status == 200, let tag, let knownTags else { return self }
        let known = knownTags.split(separator: ",").map { $0.drop { $0 == " " || $0 == "\t" } }
        // The comparison is the weak one: a `W/` before a tag does not count.
        let isKnown = known.contains { candidate in
            let candidate = candidate.hasPrefix("W/") ? candidate.dropFirst(2) : candidate
            return candidate == "*" || candidate.hasPrefix(tag)
        }
        guard isKnown else { return self }
        return HTTPAnswer(status: 304, withoutLength: "Not Modified").with("ETag", tag)
    }
}

extension HTTPAnswer {
    package static let malformed = HTTPAnswer(status: 400, "Bad Request", sentence: "this is not an HTTP/1.1 request")
    package static let badQuery = HTTPAnswer(
        status: 400, "Bad Request",
        sentence: "the query string is not percent-encoded UTF-8 of at most \(HTTPQuery.mostParameters) parameters")
    package static let notFound = HTTPAnswer(status: 404, "Not Found", sentence: "nothing is known by that path")
    package static let tooLong = HTTPAnswer(
        status: 431, "Request Header Fields Too Large",
        sentence: "a request must not be longer than \(HTTPRequestReader.longest) bytes")
    package static let bodyWithoutLength = HTTPAnswer(
        status: 411, "Length Required", sentence: "a body needs a Content-Length; chunks are not read")

    /// - Parameter most: bytes that a body may have.
    package static func bodyTooLarge(most: Int) -> HTTPAnswer {
        HTTPAnswer(status: 413, "Content Too Large", sentence: "a body must not be longer than \(most) bytes")
    }

    package static let tooManyStreams = HTTPAnswer(
        status: 503, "Service Unavailable", sentence: "all streams are in use; try again later"
    ).with("Retry-After", "5")

    /// - Parameter allowed: the methods that the path has.
    package static func wrongMethod(allowed: [HTTPMethod]) -> HTTPAnswer {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        return HTTPAnswer(
            status: 405, "Method Not Allowed", sentence: "this path has no such method; it has \(names)"
        ).with("Allow", names)
    }
}
