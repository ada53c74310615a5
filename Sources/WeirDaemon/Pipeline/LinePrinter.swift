// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import SystemPackage

/// Prints lines to standard output, after one header where the format has one.
struct LinePrinter {
    private var encoder: any RecordEncoder
    private var buffer: [UInt8] = []
    /// What printing failed with; nothing is printed after it.
    private var failure: (any Error)?

    /// Lines are written when there are so many bytes of them.
    private static let batchSize = 256 << 10

    init(format: any RecordFormat) {
        encoder = format.makeEncoder()
        format.appendHeader(to: &buffer)
    }

    mutating func append(_ record: borrowing FlowRecord) {
        encoder.append(record, to: &buffer)
        if buffer.count >= Self.batchSize { write() }
    }

    mutating func append(_ entry: LogEntry) {
        encoder.append(entry, to: &buffer)
        if buffer.count >= Self.batchSize { write() }
    }

    /// Writes the rest of a window. Throws what failed since the last time.
    mutating func finish() throws {
        write()
        if let failure { throw failure }
    }

    private mutating func write() {
        if failure == nil {
            do { try FileDescriptor.standardOutput.writeAll(buffer) } catch { failure = error }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
