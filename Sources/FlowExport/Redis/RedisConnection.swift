// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host

/// A connection to a Redis server (RESP2). Used from one thread; every call on it blocks for a bounded time.
final class RedisConnection {
    private let socket: StreamSocket
    private let address: RedisAddress
    private let patience: Duration
    private var reader = RedisReplyReader()

    /// Connects, says who asks, and chooses the database.
    init(_ settings: RedisSettings, _ lookup: NameLookup) throws(RedisError) {
        address = settings.address
        patience = .seconds(settings.patienceSeconds)
        socket = try Self.connect(settings.address, patience, lookup)
        let password = try settings.password()
        var pipeline = RedisPipeline()
        if let password {
            if let user = address.user { pipeline.add("AUTH", user, password) } else { pipeline.add("AUTH", password) }
        }
        pipeline.add("SELECT", "\(address.database)")
        for reply in try replies(to: pipeline) {
            guard case .error(let message) = reply else { continue }
            // A server repeats the words of a command that it does not know.
            let shown = password.map { $0.isEmpty ? message : message.replacing($0, with: "***") } ?? message
            throw RedisError(refusal: shown, by: address)
        }
    }

    private static func connect(
        _ address: RedisAddress, _ patience: Duration, _ lookup: NameLookup
    ) throws(RedisError) -> StreamSocket {
        var failure: KernelError?
        do {
            switch address.place {
            case .path(let path): return try StreamSocket.connect(to: path, patience: patience)
            case .tcp(let host, let port):
                for numeric in try lookup.addresses(of: host, within: patience).prefix(4) {
                    do { return try StreamSocket.connect(to: numeric, port: port, patience: patience) } catch {
                        failure = failure ?? error
                    }
                }
            }
        } catch { failure = error }
        let isSilent = [EINPROGRESS, EAGAIN].contains { failure?.code == .system($0) }
        let cause = isSilent ? Self.silence(patience) : failure?.cause ?? "it has no address"
        throw RedisError(.transport, address, cause, failure?.remedy ?? "check that the server runs, and the key to")
    }

    private static func silence(_ patience: Duration) -> String {
        "the server does not answer within \(Int(patience / .seconds(1))) s"
    }

    /// Sends commands, and takes as many replies. Refusals are among them.
    ///
    /// - Throws: RedisError of the kind `transport`; then the connection is of no use any more.
    func replies(to pipeline: RedisPipeline) throws(RedisError) -> [RedisReply] {
        try send(pipeline.bytes)
        var replies: [RedisReply] = []
        replies.reserveCapacity(pipeline.count)
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                while replies.count < pipeline.count, let reply = try reader.next() { replies.append(reply) }
                if replies.count == pipeline.count { return replies }
                try reader.append(try received(by: deadline))
            } catch let error as RedisError {
                throw error
            } catch {
                throw RedisError(
                    .transport, address, "what answers there is no Redis server", "check the key to")
            }
        }
    }

    private func send(_ bytes: [UInt8]) throws(RedisError) {
        let deadline = ContinuousClock.now + patience
        var sent = 0
        while sent < bytes.count {
            switch socket.send(bytes, from: sent) {
            case .bytes(let count): sent += count
            case .notNow: try check(deadline)
            case .ended: throw closed
            }
        }
    }

    private func received(by deadline: ContinuousClock.Instant) throws(RedisError) -> [UInt8] {
        while true {
            try check(deadline)
            var bytes: [UInt8] = []
            switch socket.receive(atMost: 65_536, into: &bytes) {
            case .bytes: return bytes
            case .notNow: continue
            case .ended: throw closed
            }
        }
    }

    private func check(_ deadline: ContinuousClock.Instant) throws(RedisError) {
        guard ContinuousClock.now < deadline else {
            throw RedisError(
                .transport, address, Self.silence(patience),
                "see what keeps the server busy, or what else listens there")
        }
    }

    private var closed: RedisError {
        RedisError(.transport, address, "the server has closed the connection", "see the server's log")
    }
}

/// A server, with the connection to it while there is one. Used from one thread.
final class RedisServer {
    let settings: RedisSettings
    private let lookup = NameLookup()
    private var connection: RedisConnection?

    init(_ settings: RedisSettings) { self.settings = settings }

    /// Sees that there is a connection that works: one that the server has closed meanwhile is made anew.
    func connect() throws(RedisError) {
        var ping = RedisPipeline()
        ping.add("PING")
        if let connection, let replies = try? connection.replies(to: ping), replies == [.simple("PONG")] { return }
        connection = nil
        connection = try RedisConnection(settings, lookup)
    }

    /// Sends commands, and takes as many replies, refusals among them.
    ///
    /// - Throws: RedisError; then there is no connection any more.
    func replies(to pipeline: RedisPipeline) throws(RedisError) -> [RedisReply] {
        if connection == nil { try connect() }
        guard let current = connection else { return [] }
        do { return try current.replies(to: pipeline) } catch {
            connection = nil
            throw error
        }
    }

    /// Sends commands none of which may be refused.
    @discardableResult
    func run(_ pipeline: RedisPipeline) throws(RedisError) -> [RedisReply] {
        let replies = try replies(to: pipeline)
        for case .error(let message) in replies { throw RedisError(refusal: message, by: settings.address) }
        return replies
    }
}
