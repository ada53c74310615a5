// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Glibc
import Host
import Synchronization
import Testing
import WeirService

@Suite struct HTTPServerTests {
    private static var routes: HTTPRoutes {
        var routes = HTTPRoutes()
        routes.add("/page") { _ in HTTPAnswer(contentType: "text/plain", body: Array("page\n".utf8)).tagged }
        routes.add("/echo") { request in
            let text = request.query.parameters.map { "\($0.name)=\($0.value)\n" }.joined()
            return HTTPAnswer(contentType: "text/plain", body: Array(text.utf8))
        }
        routes.add(.post, "/page") { _ in HTTPAnswer(status: 200, "OK", sentence: "posted") }
        routes.add(.delete, "/thing") { _ in HTTPAnswer(status: 200, "OK", sentence: "deleted") }
        return routes
    }

    @Test(arguments: Transport.allCases)
    func `a path and a method choose the answer`(transport: Transport) throws {
        try TestServer.with(transport, Self.routes) { server in
            let page = try server.answer(to: "GET /page HTTP/1.1")
            #expect(page.hasPrefix("HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 5\nETag: \""))
            #expect(page.hasSuffix("\"\nConnection: close\n\npage\n"))
            #expect(try server.answer(to: "POST /page HTTP/1.1").hasSuffix("\n\nposted\n"))
            #expect(try server.answer(to: "DELETE /thing HTTP/1.0").hasSuffix("\n\ndeleted\n"))
            #expect(
                try server.answer(to: "GET /pag HTTP/1.1") == """
                    HTTP/1.1 404 Not Found
                    Content-Type: text/plain; charset=utf-8
                    Content-Length: 30
                    Connection: close

                    nothing is known by that path

                    """)
            #expect(try server.answer(to: "BREW /nothing HTTP/1.1").hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test(arguments: [
        ("PUT /page", "GET, HEAD, POST"), ("BREW /page", "GET, HEAD, POST"), ("get /page", "GET, HEAD, POST"),
        ("HEAD /thing", "DELETE"), ("GET /thing", "DELETE"), ("POST /echo?a=b", "GET, HEAD"),
        ("POST /events", "GET, HEAD"),
    ])
    func `a method that the path does not have is answered with those that it has`(
        request: String, allowed: String
    ) throws {
        var routes = Self.routes
        routes.addStream("/events", of: EventChannel())
        try TestServer.with(.unix, routes) { server in
            let answer = try server.answer(to: "\(request) HTTP/1.1")
            #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\n"))
            #expect(answer.contains("\nAllow: \(allowed)\n"))
        }
    }

    @Test func `a request that another thread answers keeps no other client waiting`() throws {
        let replies = Mutex<[@Sendable (HTTPAnswer) -> Void]>([])
        var routes = Self.routes
        routes.addLater(.post, "/work") { request, reply in
            #expect(request.body == Array("do it".utf8) && request.peer?.process == getpid())
            replies.withLock { $0.append(reply) }
        }
        var limits = TestServer.patientLimits
        limits.workTime = .seconds(600)
        limits.bodyBytes = 5
        try TestServer.with(.unix, routes, limits: limits) { server in
            let client = try server.connect()
            try client.send("POST /work HTTP/1.1\r\nContent-Length: 5\r\n\r\ndo it")
            try waitUntil("the work has begun") { replies.withLock { !$0.isEmpty } }
            #expect(try server.answer(to: "POST /page HTTP/1.1").hasSuffix("\n\nposted\n"))
            replies.withLock(\.self)[0](HTTPAnswer(status: 200, "OK", sentence: "done"))
            #expect(try client.readToEnd().hasSuffix("\n\ndone\n"))
        }
    }

    @Test(arguments: Transport.allCases)
    func `HEAD is answered like GET, but for the body`(transport: Transport) throws {
        try TestServer.with(transport, Self.routes) { server in
            let page = try server.answer(to: "GET /page HTTP/1.1")
            #expect(try server.answer(to: "HEAD /page HTTP/1.1") + "page\n" == page)
        }
    }

    @Test(arguments: Transport.allCases)
    func `a client that has the page is told so, and sent nothing`(transport: Transport) throws {
        try TestServer.with(transport, Self.routes) { server in
            let page = try server.answer(to: "GET /page HTTP/1.1")
            let tag = String(try #require(page.firstMatch(of: /\nETag: (.*)\n/)).1)
            for known in [tag, "W/\(tag)", "*", "\"other\", \(tag)", "\t\(tag) "] {
                let answer = try server.answer(to: "GET /page HTTP/1.1\r\nif-none-match:\(known)")
                #expect(answer == "HTTP/1.1 304 Not Modified\nETag: \(tag)\nConnection: close\n\n", "\(known)")
            }
            for unknown in ["\"other\"", "", tag.dropLast().description] {
                #expect(try server.answer(to: "GET /page HTTP/1.1\r\nIf-None-Match: \(unknown)") == page, "\(unknown)")
            }
            // Without a tag of its own, an answer is never left out.
            #expect(try server.answer(to: "GET /echo?a HTTP/1.1\r\nIf-None-Match: *").hasSuffix("\n\na=\n"))
        }
    }

    @Test(arguments: Transport.allCases)
    func `a route is given its parameters, decoded`(transport: Transport) throws {
        try TestServer.with(transport, Self.routes) { server in
            let answer = try server.answer(to: "GET /echo?port=tap%2F7&q=a+b%3d&q=%E2%82%ac&flag HTTP/1.1")
            #expect(answer.hasSuffix("\n\nport=tap/7\nq=a b=\nq=€\nflag=\n"))
            #expect(try server.answer(to: "GET /echo?q=%zz HTTP/1.1").hasPrefix("HTTP/1.1 400 Bad Request\n"))
        }
    }

    @Test(arguments: Transport.allCases)
    func `a request that is no request, or too long, is answered with the reason`(transport: Transport) throws {
        try TestServer.with(transport, Self.routes) { server in
            #expect(try server.answer(to: "GET page HTTP/1.1").hasPrefix("HTTP/1.1 400 Bad Request\n"))
            let long = try server.connect()
            try long.send("GET /" + String(repeating: "x", count: HTTPRequestReader.longest - 4))
            #expect(try long.readToEnd().hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test(arguments: Transport.allCases)
    func `clients that say nothing keep no other client out`(transport: Transport) throws {
        var limits = TestServer.patientLimits
        limits.connections = 2
        try TestServer.with(transport, Self.routes, limits: limits) { server in
            let silent = try (0..<5).map { _ in try server.connect() }
            #expect(try server.answer(to: "GET /page HTTP/1.1").hasSuffix("\n\npage\n"))
            // Those that came first were closed for those that came later.
            for client in silent.prefix(4) { #expect(try client.readToEnd() == "") }
            try silent[4].send("GET /page HTTP/1.1\r\n\r\n")
            #expect(try silent[4].readToEnd().hasSuffix("\n\npage\n"))
        }
    }

    @Test(arguments: Transport.allCases)
    func `a connection that takes too long is closed`(transport: Transport) throws {
        var limits = TestServer.patientLimits
        limits.answerTime = .milliseconds(20)
        try TestServer.with(transport, Self.routes, limits: limits) { server in
            let client = try server.connect()
            try client.send("GET /page")
            #expect(try client.readToEnd() == "")
        }
    }

    @Test func `a socket that is left from before is replaced, and one that is in use is not`() throws {
        try TestServer.with(.unix, Self.routes) { first in
            guard case .path(let path) = first.place else { return }
            var failures: [String] = []
            let second = try HTTPServer([HTTPEndpoint(.path(path), Self.routes)])
            second.stop()
            second.run(onFailure: { failures.append("\($0): \($1)") })
            #expect(failures == ["path(\"\(path)\"): another daemon answers there"])
            #expect(HTTPClient.get("/page", at: path) == .answer(status: 200, body: Array("page\n".utf8)))
            #expect(HTTPClient.get("/nothing", at: path + "-not") == .noServer)
        }
    }

    @Test func `a port that is taken is named with the reason`() throws {
        try TestServer.with(.tcp, Self.routes) { first in
            var failures: [String] = []
            let second = try HTTPServer([HTTPEndpoint(first.place, Self.routes)])
            second.stop()
            second.run(onFailure: { failures.append("\($0 == first.place) \($1)") })
            #expect(failures == ["true address already in use"])
        }
    }
}
