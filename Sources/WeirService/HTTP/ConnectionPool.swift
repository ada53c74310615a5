// SPDX-License-Identifier: Apache-2.0

import Host

/// The connections and streams of one listening socket: never more than the limits allow.
///
/// When all connections are in use, a new one replaces the one that has been there longest without a request: clients that
/// send nothing keep no other client out.
struct ConnectionPool {
    private let listener: Listener
    private let limits: HTTPLimits
    private let respond: @Sendable (HTTPRequest, StreamSocket) -> HTTPRoutes.Outcome
    private let wake: @Sendable () -> Void
    /// The oldest first.
    private var connections: [Connection] = []
    private var streams: [EventStream] = []
    private var place: Int?
    /// Until then no connection is accepted, because the last time the process or the machine was short of something.
    private var pausedUntil: ContinuousClock.Instant?

    private static let pause = Duration.milliseconds(100)

    /// - Parameter wake: ends the wait of the server's thread.
    init(
        _ listener: Listener, limits: HTTPLimits, wake: @escaping @Sendable () -> Void,
        respond: @escaping @Sendable (HTTPRequest, StreamSocket) -> HTTPRoutes.Outcome
    ) {
        self.listener = listener
        self.limits = limits
        self.wake = wake
        self.respond = respond
    }

    /// Adds all that can happen here to the wait. Returns when something is due by itself, if anything is.
    mutating func prepare(_ wait: inout SocketWait) -> ContinuousClock.Instant? {
        place = pausedUntil == nil ? wait.add(listener) : nil
        for index in connections.indices {
            // What a client sends while it waits for another thread is not read.
            connections[index].place =
                connections[index].isAtWork
                ? nil : wait.add(connections[index].socket, isSending: connections[index].isAnswered)
        }
        var due = [connections.map(\.deadline).min(), pausedUntil].compactMap(\.self)
        for index in streams.indices { due.append(streams[index].prepare(&wait, limits)) }
        return due.min()
    }

    /// Does what can be done after the wait, without waiting.
    mutating func serve(_ wait: SocketWait, now: ContinuousClock.Instant) {
        streams = streams.compactMap { stream in
            var stream = stream
            if stream.advance(wait, now: now, limits) { return stream }
            stream.end()
            return nil
        }
        let known = connections
        connections = []
        for connection in known where now < connection.deadline {
            let isReady = connection.place.map { wait.isReady($0) } ?? false
            if isReady || connection.hasNews { advance(connection, now) } else { connections.append(connection) }
        }
        if let pausedUntil, now >= pausedUntil { self.pausedUntil = nil }
        if let place, wait.isReady(place) { admit(now) }
    }

    /// Ends what goes on.
    mutating func close() {
        for stream in streams { stream.end() }
        (streams, connections) = ([], [])
    }

    /// Goes on with a connection, and keeps it unless it is over.
    private mutating func advance(_ connection: Connection, _ now: ContinuousClock.Instant) {
        var connection = connection
        switch connection.advance(workTime: limits.workTime, wake: wake, respond) {
        case .goesOn: connections.append(connection)
        case .isOver: break
        case .streams(let channel): begin(connection, channel, now)
        }
    }

    private mutating func begin(_ connection: Connection, _ channel: EventChannel, _ now: ContinuousClock.Instant) {
        guard streams.count < limits.streams else {
            var connection = connection
            connection.begin(.tooManyStreams)
            return advance(connection, now)
        }
        var stream = EventStream(connection.socket, of: channel, limits: limits, now: now, wake: wake)
        if stream.begin(now: now, limits) { streams.append(stream) } else { stream.end() }
    }

    /// Accepts no more in a turn than there are places: those that are accepted are heard before they can be closed.
    private mutating func admit(_ now: ContinuousClock.Instant) {
        for _ in 0..<limits.connections {
            switch listener.accept() {
            case .nobody: return
            case .notNow:
                pausedUntil = now + Self.pause
                return
            case .connection(let socket):
                if connections.count == limits.connections {
                    connections.remove(at: connections.firstIndex { !$0.isHeard } ?? 0)
                }
                advance(
                    Connection(socket, deadline: now + limits.answerTime, mostBody: limits.bodyBytes), now)
            }
        }
    }
}
