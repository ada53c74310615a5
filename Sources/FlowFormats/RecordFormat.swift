// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A way to write log entries as bytes, one entry a line, without I/O.
///
/// The bytes are appended to a buffer that the caller owns and reuses; nothing before them is touched. Every call
/// appends whole lines, each ended by a line feed.
package protocol RecordFormat: Sendable {
    /// Appends the line that a file begins with; nothing where the format has none.
    func appendHeader(to bytes: inout [UInt8])

    func append(_ entry: LogEntry, to bytes: inout [UInt8])
}
