// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One event of a stream (HTML Living Standard, server-sent events).
package struct StreamEvent: Equatable, Sendable {
    /// What a client gives back in `Last-Event-ID` when it connects again; must hold no line break.
    package var id: String?
    /// The name by which a page listens; `message` where there is none. Must hold no line break.
    package var name: String?
    package var data: String

    package init(_ data: String, name: String? = nil, id: String? = nil) {
        self.data = data
        self.name = name
        self.id = id
    }

    /// A line for each line of the data, then an empty one.
    package var bytes: [UInt8] {
        var lines: [String] = []
        if let id { lines.append("id: \(Self.oneLine(id))") }
        if let name { lines.append("event: \(Self.oneLine(name))") }
        lines += data.split(omittingEmptySubsequences: false, whereSeparator: Self.isLineBreak).map { "data: \($0)" }
        return Array((lines.joined(separator: "\n") + "\n\n").utf8)
    }

    /// "\r\n" is one character of Swift's.
    private static func isLineBreak(_ character: Character) -> Bool {
        character == "\n" || character == "\r" || character == "\r\n"
    }

    private static func oneLine(_ text: String) -> String { String(text.map { isLineBreak($0) ? " " : $0 }) }
}

/// Where a component hands over events, and from where the server's streams take them.
///
/// Sending never blocks: each stream has a bounded queue, and a client that does not read before its queue is full is
/// disconnected. Safe to use from any thread.
package final class EventChannel: Sendable {
    private let streams = Mutex<[EventQueue]>([])

    package init() {}

    /// Clients that are connected now.
    package var streamCount: Int { streams.withLock(\.count) }

    /// Hands the event to every stream.
    package func send(_ event: StreamEvent) {
        let streams = streams.withLock(\.self)
        guard !streams.isEmpty else { return }
        let bytes = event.bytes
        for stream in streams { stream.add(bytes) }
    }

    func add(_ queue: EventQueue) { streams.withLock { $0.append(queue) } }

    func remove(_ queue: EventQueue) { streams.withLock { $0.removeAll { $0 === queue } } }

    /// What the server sends before the first event.
    static let head = HTTPAnswer(status: 200, withoutLength: "OK").with("Content-Type", "text/event-stream").with(
        "Cache-Control", "no-store")
}

/// What one client has not been sent yet of a channel's events. The channel's senders fill it, the server's thread empties it.
final class EventQueue: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isOverrun = false
    }

    private let state = Mutex(State())
    private let mostBytes: Int
    private let wake: @Sendable () -> Void

    /// - Parameters:
    ///   - mostBytes: beyond which the client counts as too slow.
    ///   - wake: ends the wait of the server's thread.
    init(mostBytes: Int, wake: @escaping @Sendable () -> Void) {
        self.mostBytes = mostBytes
        self.wake = wake
    }

    /// Whether the client did not read in time; nothing is kept for it any more.
    var isOverrun: Bool { state.withLock(\.isOverrun) }

    var isEmpty: Bool { state.withLock(\.bytes.isEmpty) }

    func add(_ bytes: [UInt8]) {
        state.withLock { state in
            guard !state.isOverrun else { return }
            state.bytes += bytes
            guard state.bytes.count > mostBytes else { return }
            state.bytes = []
            state.isOverrun = true
        }
        wake()
    }

    /// Takes all that waits.
    func take() -> [UInt8] {
        state.withLock { state in
            defer { state.bytes = [] }
            return state.bytes
        }
    }
}
