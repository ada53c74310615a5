// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Testing
import WeirService

/// Streams of events over real sockets, and their bounds.
@Suite struct EventStreamTests {
    private static let head = """
        HTTP/1.1 200 OK
        Content-Type: text/event-stream
        Cache-Control: no-store
        Connection: close


        """

    private static func routes(_ channel: EventChannel) -> HTTPRoutes {
        var routes = HTTPRoutes()
        routes.addStream("/events", of: channel)
        routes.add("/page") { _ in HTTPAnswer(status: 200, "OK", sentence: "page") }
        return routes
    }

    /// A client whose stream has begun.
    private static func listen(_ server: TestServer) throws -> TestClient {
        let client = try server.connect()
        try client.send("GET /events HTTP/1.1\r\n\r\n")
        #expect(try client.read(through: "\n\n") == head)
        return client
    }

    @Test(arguments: [
        (StreamEvent("x"), "data: x\n\n"), (StreamEvent(""), "data: \n\n"),
        (
            StreamEvent("a\nb\r\nc\rd", name: "window", id: "7"),
            "id: 7\nevent: window\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
        ),
        (StreamEvent("x", name: "a\nb", id: "1\r\n2"), "id: 1 2\nevent: a b\ndata: x\n\n"),
    ])
    func `an event is written as the living standard has it`(event: StreamEvent, text: String) {
        #expect(String(decoding: event.bytes, as: UTF8.self) == text)
    }

    @Test(arguments: Transport.allCases)
    func `each client is sent each event, in order, from its connection on`(transport: Transport) throws {
        let channel = EventChannel()
        try TestServer.with(transport, Self.routes(channel)) { server in
            let first = try Self.listen(server)
            channel.send(StreamEvent("1"))
            #expect(try first.read(through: "\n\n") == "data: 1\n\n")
            let second = try Self.listen(server)
            for number in 2...100 { channel.send(StreamEvent("\(number)", name: "n")) }
            for client in [first, second] {
                for number in 2...100 { #expect(try client.read(through: "\n\n") == "event: n\ndata: \(number)\n\n") }
            }
        }
        #expect(channel.streamCount == 0)
    }

    @Test(arguments: Transport.allCases)
    func `HEAD tells of a stream and begins none`(transport: Transport) throws {
        let channel = EventChannel()
        try TestServer.with(transport, Self.routes(channel)) { server in
            let answer = try server.answer(to: "HEAD /events HTTP/1.1")
            #expect(answer == Self.head)
            #expect(channel.streamCount == 0)
        }
    }

    @Test(arguments: Transport.allCases)
    func `a stream too many is refused, and one that ends makes room`(transport: Transport) throws {
        let channel = EventChannel()
        var limits = TestServer.patientLimits
        (limits.connections, limits.streams) = (1, 2)
        try TestServer.with(transport, Self.routes(channel), limits: limits) { server in
            let clients = try (0..<2).map { _ in try Self.listen(server) }
            let refusal = try server.answer(to: "GET /events HTTP/1.1")
            #expect(refusal.hasPrefix("HTTP/1.1 503 Service Unavailable\n") && refusal.contains("\nRetry-After: 5\n"))
            // Streams take no connection away.
            #expect(try server.answer(to: "GET /page HTTP/1.1").hasSuffix("\n\npage\n"))
            clients[0].close()
            try waitUntil("the server has seen the end", within: .seconds(60)) { channel.streamCount == 1 }
            let third = try Self.listen(server)
            channel.send(StreamEvent("x"))
            for client in [clients[1], third] { #expect(try client.read(through: "\n\n") == "data: x\n\n") }
        }
    }

    @Test(arguments: Transport.allCases)
    func `a client that does not read is disconnected, and delays no other`(transport: Transport) throws {
        let channel = EventChannel()
        let text = String(repeating: "x", count: 60_000)
        var limits = TestServer.patientLimits
        limits.streamBytes = 100_000
        try TestServer.with(transport, Self.routes(channel), limits: limits) { server in
            let slow = try Self.listen(server)
            let reader = try Self.listen(server)
            var sent = 0
            // Sockets hold some megabytes; beyond them it is the server that would have to keep what the client leaves.
            while channel.streamCount == 2, sent < 5_000 {
                channel.send(StreamEvent("\(text)\(sent)"))
                #expect(try reader.read(through: "\n\n") == "data: \(text)\(sent)\n\n")
                sent += 1
            }
            #expect(channel.streamCount == 1 && sent < 5_000)
            channel.send(StreamEvent("last"))
            #expect(try reader.read(through: "\n\n") == "data: last\n\n")
            // What the sockets held is there, and then the end.
            let rest = try slow.readToEnd()
            #expect(rest.hasPrefix("data: \(text)0\n\n") && !rest.hasSuffix("last\n\n"))
        }
    }

    @Test(arguments: Transport.allCases)
    func `a silent stream has comments, and a client that says more is disconnected`(transport: Transport) throws {
        let channel = EventChannel()
        var limits = TestServer.patientLimits
        limits.heartbeat = .milliseconds(5)
        try TestServer.with(transport, Self.routes(channel), limits: limits) { server in
            let client = try Self.listen(server)
            for _ in 0..<3 { #expect(try client.read(through: "\n\n") == ":\n\n") }
            try client.send("and")
            try waitUntil("the stream is over", within: .seconds(60)) { channel.streamCount == 0 }
        }
    }
}
