// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore

/// Entries as rows, which Parquet files take in row groups.
///
/// Rows stay in memory over several windows: a row group for each window of a small host would take twice the room. All streams together hold
/// about as many rows as one row group has, 112 bytes each, and their different values.
struct RowBatch: EntryBatch {
    private let encoder: RowGroupEncoder
    /// Of a row group.
    private let most: Int
    private var ports = PortStreams()
    /// The port of the last row.
    private var port: Port?
    private var stream: LogStream?
    /// Those of the stream, which has none meanwhile.
    private var rows = FlowRows()
    private var count: UInt64 = 0
    /// Rows of a stream that are written.
    private var limit: Int

    private static let mostRows = 131_072
    private static let fewestRows = 1024
    /// A record takes 10 to 25 bytes in a file: four row groups or more fit in the smallest file.
    private static let bytesOfRow: Int64 = 64

    /// - Parameter sizeLimit: of a file.
    init(_ columns: [ChosenColumn], sizeLimit: Int64) {
        encoder = RowGroupEncoder(columns)
        most = min(Self.mostRows, max(Self.fewestRows, Int(clamping: sizeLimit / Self.bytesOfRow)))
        limit = most
    }

    mutating func append(_ entry: LogEntry) -> EntryOutcome {
        guard entry.port === port || turn(to: entry.port) else { return .isOfUnknownPort }
        rows.append(entry)
        count += 1
        return rows.count < limit ? .taken : .isFull
    }

    private mutating func turn(to port: Port) -> Bool {
        guard let next = ports.stream(of: port) else { return false }
        if next !== stream {
            giveBack()
            swap(&rows, &next.rows)
            stream = next
        }
        self.port = port
        return true
    }

    mutating func add(_ port: Port, in stream: LogStream, of streams: Int) {
        ports.add(port, stream)
        limit = max(Self.fewestRows, most / max(1, streams))
    }

    @discardableResult
    mutating func giveBack() -> LogStream? {
        guard let last = stream.take() else { return nil }
        swap(&rows, &last.rows)
        port = nil
        return last
    }

    mutating func end() -> UInt64 {
        giveBack()
        defer { (ports, count) = (PortStreams(), 0) }
        return count
    }

    var isWrittenWithWindow: Bool { false }

    /// Rows of windows that have ended come first, in a row group of their own: they stay in the file when the window that is coming is taken
    /// back.
    mutating func pack(_ stream: LogStream) -> LogFile.Piece? {
        guard stream.rows.count > 0 else { return nil }
        let (group, sums) = encoder.encode(
            stream.rows.first(stream.endedRows > 0 ? stream.endedRows : stream.rows.count))
        return .group(group, sums)
    }

    mutating func removePacked(from stream: LogStream) -> Bool {
        let ended = stream.endedRows
        stream.rows.removeFirst(ended > 0 ? ended : stream.rows.count)
        stream.endedRows = 0
        return ended > 0
    }

    func isHalfFull(_ stream: LogStream) -> Bool { stream.rows.count >= limit / 2 }

    mutating func beginning() -> LogFile.Piece? { nil }
}
