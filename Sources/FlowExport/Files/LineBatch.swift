// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel

/// The lines of one stream at a time, formatted and in no file yet: all that a record touches on its way to a file.
///
/// In one value, since the runtime checks accesses to the properties of a class (SE-0176): one check a record in place of
/// six saves 40 ns.
struct LineBatch {
    /// What became of a line.
    enum Outcome {
        case taken
        /// Taken, and the lines are to be written.
        case isFull
        /// Not taken: `add` its port first.
        case isOfUnknownPort
    }

    /// The port is kept alive, so that its identity stays its own.
    private struct PortStream {
        let port: Port
        let stream: LogStream
    }

    private var encoder: any RecordEncoder
    /// By the ports' numbers: a hash a record would cost more than its line.
    private var ports: [PortStream?] = []
    /// The port of the last line.
    private var port: Port?
    private var stream: LogStream?
    /// Those of the stream, which has none meanwhile.
    private var bytes: [UInt8] = []
    private var lines: UInt64 = 0

    /// Lines are compressed and written in batches of about this many bytes: enough to compress well.
    private static let size = 256 << 10

    init(_ encoder: any RecordEncoder) { self.encoder = encoder }

    mutating func append(_ record: borrowing FlowRecord) -> Outcome {
        guard record.port === port || turn(to: record.port) else { return .isOfUnknownPort }
        encoder.append(record, to: &bytes)
        return count()
    }

    mutating func append(_ entry: LogEntry) -> Outcome {
        guard entry.port === port || turn(to: entry.port) else { return .isOfUnknownPort }
        encoder.append(entry, to: &bytes)
        return count()
    }

    private mutating func count() -> Outcome {
        lines += 1
        return bytes.count < Self.size ? .taken : .isFull
    }

    private mutating func turn(to port: Port) -> Bool {
        let place = Int(port.number.rawValue)
        guard place < ports.count, let known = ports[place], known.port === port else { return false }
        if known.stream !== stream {
            giveBack()
            swap(&bytes, &known.stream.bytes)
            stream = known.stream
        }
        self.port = port
        return true
    }

    /// Takes lines of that port from now on, behind those that its stream has.
    mutating func add(_ port: Port, in stream: LogStream) {
        let place = Int(port.number.rawValue)
        if place >= ports.count { ports += Array(repeating: nil, count: place + 1 - ports.count) }
        ports[place] = PortStream(port: port, stream: stream)
    }

    /// Gives the stream of the last line its lines; nil where no line came since the last time.
    @discardableResult
    mutating func giveBack() -> LogStream? {
        guard let last = stream.take() else { return nil }
        swap(&bytes, &last.bytes)
        port = nil
        return last
    }

    /// Gives back the lines of a window that ends, and forgets its ports.
    ///
    /// - Returns: how many lines it had.
    mutating func end() -> UInt64 {
        giveBack()
        defer { (ports, lines) = ([], 0) }
        return lines
    }
}
