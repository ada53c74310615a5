// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore

/// Appends the records of windows to a capped stream, as JSON.
///
/// The id of an entry is the number of its window and its number within the window, so that a window that is delivered again, since its answers
/// were lost, writes nothing twice: the server refuses an id that is not above the last. A window is acknowledged when the server has answered
/// to all of its records.
final class RedisRecordSink: Sink {
    private(set) var taken: UInt64
    var acknowledged: UInt64 { taken }
    private(set) var counts = SinkCounts()
    var nextDelivery: UnixTime? { nil }

    private let server: RedisServer
    private let stream: String
    /// The key that names the window of the stream's last entries.
    private let marker: String
    /// `XADD` up to the id.
    private let beginning: [UInt8]
    private var encoder: any RecordEncoder = JSONLinesFormat().makeEncoder()
    private var line: [UInt8] = []
    private var pipeline = RedisPipeline()
    private var window: StoredSegment?
    private var records: UInt64 = 0
    private var bytes: UInt64 = 0
    /// What failed; nothing is sent of the window after it.
    private var failure: RedisError?
    private var notices: [String] = []

    private static let known = "equal or smaller than the target stream top item"

    /// - Parameter taken: the cursor.
    init(_ settings: RedisSettings, taken: UInt64) {
        self.taken = taken
        server = RedisServer(settings)
        stream = settings.key("records")
        marker = settings.key("records:window")
        var beginning = RedisPipeline()
        beginning.begin(8)
        for word in ["XADD", stream, "MAXLEN", "~", "\(settings.mostRecords)"] { beginning.add(word: word) }
        self.beginning = beginning.bytes
    }

    func begin(_ window: StoredSegment) throws {
        try server.connect()
        try settle(window)
        self.window = window
        failure = nil
        (records, bytes) = (0, 0)
        pipeline.removeAll()
        pipeline.add("SET", marker, "\(window.identity)")
    }

    func append(_ entry: LogEntry) {
        guard failure == nil, let window else { return }
        line.removeAll(keepingCapacity: true)
        encoder.append(entry, to: &line)
        records += 1
        // Without the line feed.
        let record = line.dropLast()
        bytes += UInt64(record.count)
        pipeline.begin(encoded: beginning)
        pipeline.add(word: "\(window.identity.sequence)-\(records)")
        pipeline.add(word: "record")
        pipeline.add(word: record)
        if pipeline.isFull { flush() }
    }

    func end() throws {
        if records > 0 { flush() }
        if let failure { throw failure }
        guard let window = window.take() else { return }
        taken = window.identity.sequence
        counts.windows += 1
        counts.records += records
        counts.bytes += bytes
    }

    func abandon() { window = nil }
    func skip(_ window: StoredSegment) { taken = window.identity.sequence }
    func tend(now: UnixTime) {}
    func cursorIsSafe() {}
    func finish() {}

    func takeNotices() -> [String] {
        defer { notices = [] }
        return notices
    }

    private func flush() {
        defer { pipeline.removeAll() }
        guard failure == nil else { return }
        do {
            for case .error(let message) in try server.replies(to: pipeline) where !message.contains(Self.known) {
                failure = RedisError(refusal: message, by: server.settings.address)
                return
            }
        } catch { failure = error }
    }

    /// Moves a stream out of the way that has entries of this window's number or above which are none of this window's: of a store that was made
    /// anew since, or of another host with the same name. Otherwise all of the window's records would be taken for known.
    private func settle(_ window: StoredSegment) throws(RedisError) {
        var questions = RedisPipeline()
        questions.add("GET", marker)
        questions.add("XREVRANGE", stream, "+", "-", "COUNT", "1")
        let replies = try server.run(questions)
        guard let id = replies[1].elements.first?.elements.first?.text,
            let last = UInt64(id.prefix { $0 != "-" }), last >= window.identity.sequence,
            replies[0].text != "\(window.identity)"
        else { return }
        var move = RedisPipeline()
        move.add("RENAME", stream, "\(stream):before")
        try server.run(move)
        notices.append(
            "the stream \(stream) had records of another store, and is now \(stream):before; if another host has the name \(server.settings.host), too, set the key host"
        )
    }
}
