// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc
import Synchronization

/// Owns the reading end of a ring that the kernel's programs write records into: its descriptor, and a mapping of it. One reader at a time.
///
/// Needs no privileges. What lies in the ring is read as what anyone may have written: no length is followed out of it.
@safe package final class RecordRing: Sendable {
    private let descriptor: Descriptor
    private let ring: Mutex<weir_ring>

    /// Takes over the descriptor of the map.
    ///
    /// - Parameter size: the number of the map's entries.
    package init(_ descriptor: consuming Descriptor, size: Int) throws(KernelError) {
        var ring = unsafe weir_ring()
        let result = unsafe weir_ring_open(&ring, descriptor.raw, UInt64(clamping: size))
        guard result == 0 else { throw KernelError(errno: result, "cannot map a ring of records into memory") }
        self.descriptor = descriptor
        unsafe self.ring = unsafe Mutex(ring)
    }

    deinit { unsafe ring.withLock { unsafe weir_ring_close(&$0) } }

    /// Readable (poll(2)) while records are unread.
    package var rawDescriptor: CInt { descriptor.raw }

    /// Takes records that are whole out of the ring. Does not block.
    ///
    /// - Parameters:
    ///   - most: so many at one go.
    ///   - length: of a record only the first so many bytes.
    /// - Returns: nil where what lay in the ring were no records: all of it was passed over.
    package func read(atMost most: Int, length: Int) -> [[UInt8]]? {
        defer { release() }
        return take(atMost: most, length: length)
    }

    /// The same, but their place stays theirs until `release()`: where this process ends before that, the next reader reads them again.
    package func take(atMost most: Int, length: Int) -> [[UInt8]]? {
        unsafe ring.withLock { ring in
            var records: [[UInt8]] = []
            var isWhole = true
            while records.count < most {
                var record: UnsafeRawPointer?
                let got = unsafe weir_ring_next(&ring, &record)
                guard got >= 0 else {
                    isWhole = got == -Int64(EAGAIN)
                    break
                }
                let bytes = unsafe UnsafeRawBufferPointer(start: record, count: min(Int(got), length))
                unsafe records.append(Array(bytes))
            }
            return isWhole ? records : nil
        }
    }

    /// Gives the place of all that was taken back to the writers.
    package func release() { unsafe ring.withLock { unsafe weir_ring_release(&$0) } }

    /// How far all of it was taken, in bytes of the ring's whole life.
    package var position: UInt64 { unsafe ring.withLock { unsafe $0.position } }

    /// How far all of it was written, in the same bytes.
    package var written: UInt64 { unsafe ring.withLock { unsafe weir_ring_written(&$0) } }

    /// Passes over what lies before a position, if it is one between the reader and the writers.
    package func skip(to position: UInt64) { unsafe ring.withLock { unsafe weir_ring_skip(&$0, position) } }

    /// Blocks until records are unread, the channel has something to receive, or the time is over.
    package func wait(atMost duration: Duration, orFor channel: LineChannel) {
        let milliseconds = max(0, min(duration / .milliseconds(1), 3_600_000)).rounded(.up)
        var places = [descriptor.raw, channel.descriptor.raw].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        _ = unsafe poll(&places, nfds_t(places.count), CInt(milliseconds))
    }
}
