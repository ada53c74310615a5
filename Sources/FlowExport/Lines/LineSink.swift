// SPDX-License-Identifier: Apache-2.0

package import FlowFormats
package import FlowModel
package import FlowStore
package import SystemPackage

/// Prints lines to a descriptor, standard output for one, after one header where the format has one.
///
/// A window is acknowledged when the kernel has taken its lines. Lines of a window that could not be printed whole may come again.
package final class LineSink: Sink {
    package private(set) var taken: UInt64
    package var acknowledged: UInt64 { taken }
    package private(set) var counts = SinkCounts()
    package var nextDelivery: UnixTime? { nil }

    private let output: FileDescriptor
    private var encoder: any RecordEncoder
    private var buffer: [UInt8] = []
    private var lines: UInt64 = 0
    private var window: StoredSegment?
    /// What printing failed with; nothing is printed of the window after it.
    private var failure: Errno?

    /// Lines are written when there are so many bytes of them.
    private static let batchSize = 256 << 10

    /// - Parameters:
    ///   - output: not closed.
    ///   - taken: the cursor.
    package init(_ output: FileDescriptor, format: any RecordFormat, taken: UInt64) {
        self.output = output
        self.taken = taken
        encoder = format.makeEncoder()
        format.appendHeader(to: &buffer)
    }

    package func begin(_ window: StoredSegment) {
        self.window = window
        failure = nil
        lines = 0
    }

    package func append(_ entry: LogEntry) {
        encoder.append(entry, to: &buffer)
        lines += 1
        if buffer.count >= Self.batchSize { write() }
    }

    package func end() throws {
        write()
        if failure == .brokenPipe { throw SinkEnd("cannot print to standard output: its reader is gone") }
        if let failure { throw ExportError(.print, "standard output", failure) }
        guard let window = window.take() else { return }
        taken = window.identity.sequence
        counts.windows += 1
        counts.records += lines
    }

    package func abandon() {
        window = nil
        buffer.removeAll(keepingCapacity: true)
    }

    package func skip(_ window: StoredSegment) { taken = window.identity.sequence }
    package func tend(now: UnixTime) {}
    package func cursorIsSafe() {}
    package func finish() {}
    package func takeNotices() -> [String] { [] }

    private func write() {
        defer { buffer.removeAll(keepingCapacity: true) }
        guard failure == nil else { return }
        do {
            counts.bytes += UInt64(try output.writeAll(buffer))
        } catch {
            failure = error as? Errno ?? .ioError
        }
    }
}
