// SPDX-License-Identifier: Apache-2.0

/// An answer, after which the connection is closed.
package struct HTTPAnswer: Equatable, Sendable {
    package let status: Int
    package let reason: String
    package let contentType: String
    package let body: [UInt8]

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

    package var head: [UInt8] {
        let lines = [
            "HTTP/1.1 \(status) \(reason)", "Content-Type: \(contentType)", "Content-Length: \(body.count)",
            "Connection: close", "", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    package static let malformed = HTTPAnswer(status: 400, "Bad Request", sentence: "this is not an HTTP/1.1 request")
    package static let notFound = HTTPAnswer(status: 404, "Not Found", sentence: "nothing is known by that path")
    package static let wrongMethod = HTTPAnswer(
        status: 405, "Method Not Allowed", sentence: "only GET is understood here")
    package static let tooLong = HTTPAnswer(
        status: 431, "Request Header Fields Too Large",
        sentence: "a request must not be longer than \(HTTPRequestReader.longest) bytes")
}
