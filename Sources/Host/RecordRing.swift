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
            unsafe weir_ring_release(&ring)
            return isWhole ? records : nil
        }
    }
}
