// SPDX-License-Identifier: Apache-2.0

import Host

/// A connection over which a client gets the events of a channel, until either end closes it. Used from the server's thread.
struct EventStream {
    let socket: StreamSocket
    private let channel: EventChannel
    private let queue: EventQueue
    /// Its number in the wait of this turn.
    private var place = 0
    /// What the socket had no room for.
    private var bytes = EventChannel.head.head
    private var sent = 0
    /// When the client took something last.
    private var lastSent: ContinuousClock.Instant

    init(
        _ socket: StreamSocket, of channel: EventChannel, limits: HTTPLimits, now: ContinuousClock.Instant,
        wake: @escaping @Sendable () -> Void
    ) {
        self.socket = socket
        self.channel = channel
        lastSent = now
        queue = EventQueue(mostBytes: limits.streamBytes, wake: wake)
        channel.add(queue)
    }

    /// To be called when the server closes the stream.
    func end() { channel.remove(queue) }

    private var isSending: Bool { sent < bytes.count }

    /// When the server must look at it although nothing happens.
    private func due(_ limits: HTTPLimits) -> ContinuousClock.Instant {
        lastSent.advanced(by: isSending ? limits.streamStall : limits.heartbeat)
    }

    /// Adds the socket to the wait. Returns when something is due by itself.
    mutating func prepare(_ wait: inout SocketWait, _ limits: HTTPLimits) -> ContinuousClock.Instant {
        place = wait.add(socket, isSending: isSending)
        return due(limits)
    }

    /// Sends what there is, as far as the socket has room. Returns false where the stream is over.
    mutating func advance(_ wait: SocketWait, now: ContinuousClock.Instant, _ limits: HTTPLimits) -> Bool {
        guard !queue.isOverrun else { return false }
        // A client has nothing to say once its stream has begun: what can be received is its end.
        if !isSending, wait.isReady(place) { return false }
        return send(now: now, limits)
    }

    /// Sends the first bytes; the socket is not in a wait yet.
    mutating func begin(now: ContinuousClock.Instant, _ limits: HTTPLimits) -> Bool { send(now: now, limits) }

    private mutating func send(now: ContinuousClock.Instant, _ limits: HTTPLimits) -> Bool {
        if !isSending, queue.isEmpty, now >= due(limits) { queue.add(Self.heartbeat) }
        while true {
            if !isSending {
                (bytes, sent) = (queue.take(), 0)
                guard isSending else { return true }
            }
            switch socket.send(bytes, from: sent) {
            case .bytes(let count):
                sent += count
                lastSent = now
            case .notNow: return now < due(limits)
            case .ended: return false
            }
        }
    }

    /// A comment, which clients ignore.
    private static let heartbeat = Array(":\n\n".utf8)
}
