// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Glibc
import Host
import Synchronization
import WeirService

/// What kind of socket a test asks over.
enum Transport: CaseIterable {
    case unix, tcp
}

/// A server on a socket of its own, and the thread that it runs on.
final class TestServer {
    private let server: HTTPServer
    private let thread: HostThread<Void>
    private let folder: String
    let place: HTTPEndpoint.Place

    /// Limits that no test reaches by taking long.
    static var patientLimits: HTTPLimits {
        var limits = HTTPLimits()
        limits.answerTime = .seconds(600)
        limits.streamStall = .seconds(600)
        limits.heartbeat = .seconds(600)
        return limits
    }

    static func with(
        _ transport: Transport, _ routes: HTTPRoutes, limits: HTTPLimits = patientLimits,
        _ body: (TestServer) throws -> Void
    ) throws {
        let server = try TestServer(transport, routes, limits)
        let result = Result { try body(server) }
        try server.end()
        try result.get()
    }

    private init(_ transport: Transport, _ routes: HTTPRoutes, _ limits: HTTPLimits) throws {
        // A path of a socket has at most 107 bytes.
        folder = "/tmp/weir-t-\(UInt32.random(in: 0...(.max)))"
        let wanted = transport == .unix ? HTTPEndpoint.Place.path(folder + "/s") : .tcp(address: "127.0.0.1", port: 0)
        let server = try HTTPServer([HTTPEndpoint(wanted, routes, limits: limits)])
        let opened = OpenedPlaces()
        thread = HostThread(named: "weir-t-server") {
            server.run(onFailure: { opened.fail("\($0): \($1)") }, onListening: { opened.open($0) })
        }
        self.server = server
        place = try opened.wait()
    }

    private func end() throws {
        server.stop()
        try thread.wait()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func connect() throws -> TestClient { try TestClient(place) }

    /// What is answered to one request, all of it, with line feeds alone.
    func answer(to request: String) throws -> String {
        let client = try connect()
        try client.send(request + "\r\n\r\n")
        return try client.readToEnd()
    }
}

/// What became of opening an endpoint.
private final class OpenedPlaces: Sendable {
    private struct Failure: Error { let reason: String }

    private let outcome = Mutex<Result<HTTPEndpoint.Place, Failure>?>(nil)

    func fail(_ reason: String) { outcome.withLock { $0 = .failure(Failure(reason: reason)) } }

    func open(_ places: [HTTPEndpoint.Place]) {
        outcome.withLock { outcome in
            if let place = places.first { outcome = .success(place) }
        }
    }

    func wait() throws -> HTTPEndpoint.Place {
        try waitUntil("the server listens or fails", within: .seconds(60)) { outcome.withLock { $0 != nil } }
        guard let outcome = outcome.withLock(\.self) else { throw Failure(reason: "no outcome") }
        return try outcome.get()
    }
}

/// A client that blocks for a minute at most.
final class TestClient {
    private var socket: StreamSocket?
    private var unread: [UInt8] = []

    struct Failure: Error { let reason: String }

    fileprivate init(_ place: HTTPEndpoint.Place) throws {
        switch place {
        case .path(let path): socket = try StreamSocket.connect(to: path, patience: .seconds(60))
        case .tcp(_, let port): socket = StreamSocket(try Self.connect(toLoopback: port))
        }
    }

    private static func connect(toLoopback port: UInt16) throws -> Descriptor {
        let descriptor = Descriptor(owning: Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVTIMEO, &patience, length)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let outcome = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe Glibc.connect(descriptor.raw, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard outcome == 0 else { throw Failure(reason: "cannot connect: errno \(errno)") }
        return descriptor
    }

    func close() { socket = nil }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            guard case .bytes(let count)? = socket?.send(bytes, from: sent) else {
                throw Failure(reason: "cannot send")
            }
            sent += count
        }
    }

    /// What comes up to and with that text, with line feeds alone; what was read before is not in it.
    func read(through end: String) throws -> String {
        let end = Array(end.utf8)
        while true {
            if let range = unread.firstRange(of: end) {
                defer { unread.removeSubrange(..<range.upperBound) }
                return String(decoding: unread[..<range.upperBound], as: UTF8.self)
            }
            guard try receive() else {
                throw Failure(reason: "it ended after \(String(decoding: unread.suffix(200), as: UTF8.self))")
            }
        }
    }

    func readToEnd() throws -> String {
        while try receive() {}
        defer { unread = [] }
        return String(decoding: unread, as: UTF8.self)
    }

    /// Returns false where the server has closed the connection.
    private func receive() throws -> Bool {
        var bytes: [UInt8] = []
        switch socket?.receive(atMost: 1 << 20, into: &bytes) {
        case .bytes:
            unread += bytes.filter { $0 != UInt8(ascii: "\r") }
            return true
        case .ended?, nil: return false
        case .notNow: throw Failure(reason: "the server said nothing for a minute")
        }
    }
}
