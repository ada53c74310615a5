// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// The entries of one stream at a time that are in no file yet: all that an entry touches on its way to a file.
///
/// A value, since the runtime checks accesses to the properties of a class (SE-0176): one check a record in place of six saves 40 ns.
protocol EntryBatch {
    mutating func append(_ entry: LogEntry) -> EntryOutcome

    /// Takes entries of that port from now on, behind those that its stream has.
    ///
    /// - Parameter streams: how many there are.
    mutating func add(_ port: Port, in stream: LogStream, of streams: Int)

    /// Gives the stream of the last entry what it has; nil where no entry came since the last time.
    @discardableResult
    mutating func giveBack() -> LogStream?

    /// Gives back the entries of a window that ends, and forgets its ports.
    ///
    /// - Returns: how many entries it had.
    mutating func end() -> UInt64

    /// Whether what a window has is written when the window ends. Otherwise it is in memory until there is enough of it, or until it is
    /// published.
    var isWrittenWithWindow: Bool { get }

    /// Makes bytes for a file of what the stream has, or of a part; nil where it has nothing. The stream keeps it until it is told to
    /// `removePacked`.
    mutating func pack(_ stream: LogStream) -> LogFile.Piece?

    /// Forgets what was packed last. Whether that came from windows that have ended.
    mutating func removePacked(from stream: LogStream) -> Bool

    /// Whether the stream has so much that its next window should not begin before it is written.
    func isHalfFull(_ stream: LogStream) -> Bool

    /// What a file begins with.
    mutating func beginning() -> LogFile.Piece?
}

/// What became of an entry.
enum EntryOutcome {
    case taken
    /// Taken, and the entries of its stream are to be written.
    case isFull
    /// Not taken: `add` its port first.
    case isOfUnknownPort
}

/// The streams of the ports of a window. Ports are kept alive, so that their identities stay their own.
struct PortStreams {
    /// By the ports' numbers: a hash a record would cost more than its line.
    private var ports: [(port: Port, stream: LogStream)?] = []

    func stream(of port: Port) -> LogStream? {
        let place = Int(port.number.rawValue)
        guard place < ports.count, let known = ports[place], known.port === port else { return nil }
        return known.stream
    }

    mutating func add(_ port: Port, _ stream: LogStream) {
        let place = Int(port.number.rawValue)
        if place >= ports.count { ports += Array(repeating: nil, count: place + 1 - ports.count) }
        ports[place] = (port, stream)
    }
}
