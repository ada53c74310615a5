// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A way to write log entries as bytes, one entry a line, without I/O.
package protocol RecordFormat: Sendable {
    /// Appends the line that a file begins with; nothing where the format has none.
    func appendHeader(to bytes: inout [UInt8])

    /// What writes many entries fast. It keeps what it has prepared for the ports it has seen.
    func makeEncoder() -> any RecordEncoder
}

/// A format at work, for one sink.
///
/// The bytes are appended to a buffer that the caller owns and reuses; nothing before them is touched. Every call
/// appends whole lines, each ended by a line feed.
package protocol RecordEncoder {
    mutating func append(_ record: borrowing FlowRecord, to bytes: inout [UInt8])

    mutating func append(_ entry: LogEntry, to bytes: inout [UInt8])
}

extension RecordFormat {
    /// Appends one entry's line; for many, make an encoder.
    package func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        var encoder = makeEncoder()
        encoder.append(entry, to: &bytes)
    }
}
