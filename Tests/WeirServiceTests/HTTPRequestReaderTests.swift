// SPDX-License-Identifier: Apache-2.0

import Testing
import WeirService

@Suite struct HTTPRequestReaderTests {
    @Test func `a request is read whole and byte by byte`() {
        let bytes = Array("GET /status?x=1 HTTP/1.1\r\nHost: weir\r\nIF-None-Match:  \"a\" \r\n\r\n".utf8)
        let query = HTTPQuery(decoding: "x=1") ?? HTTPQuery()
        let request = HTTPRequestReader.Outcome.request(
            HTTPRequest(method: "GET", path: "/status", query: query, knownTags: "\"a\""))
        var whole = HTTPRequestReader()
        #expect(whole.take(bytes) == request)
        var slow = HTTPRequestReader()
        for byte in bytes.dropLast() { #expect(slow.take([byte]) == .incomplete) }
        #expect(slow.take([bytes.last ?? 0]) == request)
    }

    @Test(arguments: [
        "\r\n\r\n", "GET\r\n\r\n", "GET /status\r\n\r\n", "GET status HTTP/1.1\r\n\r\n", "GET /status FTP/1.1\r\n\r\n",
        "GET  /status HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\0",
    ])
    func `what is not a request is refused`(text: String) {
        var reader = HTTPRequestReader()
        #expect(reader.take(Array(text.utf8)) == .refused(.malformed))
    }

    @Test func `another method than GET is read, for the routes to decide`() {
        var reader = HTTPRequestReader()
        let request = HTTPRequest(method: "POST", path: "/status")
        #expect(reader.take(Array("POST /status HTTP/1.1\n\n".utf8)) == .request(request))
    }

    @Test func `the longest request is read, and one byte more is refused without an end`() {
        let begin = "GET / HTTP/1.1\r\nX: "
        let fill = String(repeating: "x", count: HTTPRequestReader.longest - begin.utf8.count - 4)
        var longest = HTTPRequestReader()
        #expect(longest.take(Array("\(begin)\(fill)\r\n\r\n".utf8)) == .request(HTTPRequest(method: "GET", path: "/")))
        var longer = HTTPRequestReader()
        #expect(longer.take(Array("\(begin)\(fill)xxxx".utf8)) == .incomplete)
        #expect(longer.take(Array("x".utf8)) == .refused(.tooLong))
    }

    @Test func `a body is read where the endpoint takes one, in whatever pieces it comes`() {
        let bytes = Array("POST /taps HTTP/1.1\r\nContent-Length: 5\r\n\r\na\0bcd".utf8)
        var request = HTTPRequest(method: "POST", path: "/taps")
        var without = HTTPRequestReader()
        #expect(without.take(bytes) == .request(request))
        request.body = Array("a\0bcd".utf8)
        var whole = HTTPRequestReader(mostBody: 5)
        #expect(whole.take(bytes + [1, 2]) == .request(request))
        for cut in 1..<bytes.count {
            var slow = HTTPRequestReader(mostBody: 5)
            #expect(slow.take(Array(bytes[..<cut])) == .incomplete, "\(cut)")
            #expect(slow.take(Array(bytes[cut...])) == .request(request), "\(cut)")
        }
    }

    @Test(arguments: [
        ("Content-Length: 6", 413), ("Content-Length: -1", 400), ("Content-Length: x", 400),
        ("Transfer-Encoding: chunked", 411),
    ]) func `a body that is too long, or whose length is not known, is refused`(field: String, status: Int) {
        var reader = HTTPRequestReader(mostBody: 5)
        guard case .refused(let answer) = reader.take(Array("POST / HTTP/1.1\r\n\(field)\r\n\r\n".utf8)) else {
            Issue.record("it was taken")
            return
        }
        #expect(answer.status == status)
    }

    @Test func `an answer says its length and that the connection ends`() {
        let answer = HTTPAnswer(status: 403, "Forbidden", sentence: "no")
        #expect(
            String(decoding: answer.head, as: UTF8.self)
                == "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
                + "Connection: close\r\n\r\n")
        #expect(answer.body == Array("no\n".utf8))
    }
}
