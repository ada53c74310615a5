// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel

/// Entries as lines, which files take in members of gzip.
struct LineBatch: EntryBatch {
    private let header: [UInt8]
    private var encoder: any RecordEncoder
    private var compressor = GzipCompressor()
    private var ports = PortStreams()
    /// The port of the last line.
    private var port: Port?
    private var stream: LogStream?
    /// Those of the stream, which has none meanwhile.
    private var bytes: [UInt8] = []
    private var lines: UInt64 = 0

    /// Lines are compressed and written in batches of about this many bytes: enough to compress well.
    private static let size = 256 << 10

    init(_ format: any RecordFormat) {
        var header: [UInt8] = []
        format.appendHeader(to: &header)
        self.header = header
        encoder = format.makeEncoder()
    }

    mutating func append(_ entry: LogEntry) -> EntryOutcome {
        guard entry.port === port || turn(to: entry.port) else { return .isOfUnknownPort }
        encoder.append(entry, to: &bytes)
        lines += 1
        return bytes.count < Self.size ? .taken : .isFull
    }

    private mutating func turn(to port: Port) -> Bool {
        guard let next = ports.stream(of: port) else { return false }
        if next !== stream {
            giveBack()
            swap(&bytes, &next.bytes)
            stream = next
        }
        self.port = port
        return true
    }

    mutating func add(_ port: Port, in stream: LogStream, of streams: Int) { ports.add(port, stream) }

    @discardableResult
    mutating func giveBack() -> LogStream? {
        guard let last = stream.take() else { return nil }
        swap(&bytes, &last.bytes)
        port = nil
        return last
    }

    mutating func end() -> UInt64 {
        giveBack()
        defer { (ports, lines) = (PortStreams(), 0) }
        return lines
    }

    var isWrittenWithWindow: Bool { true }

    mutating func pack(_ stream: LogStream) -> LogFile.Piece? {
        stream.bytes.isEmpty ? nil : .member(compressor.compress(stream.bytes))
    }

    mutating func removePacked(from stream: LogStream) -> Bool {
        stream.bytes.removeAll(keepingCapacity: true)
        return false
    }

    func isHalfFull(_ stream: LogStream) -> Bool { false }

    mutating func beginning() -> LogFile.Piece? { header.isEmpty ? nil : .member(compressor.compress(header)) }
}
