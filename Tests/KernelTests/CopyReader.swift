// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowKernel
import Host

/// Reads what programs put into a ring.
struct CopyReader: ~Copyable {
    /// A record, as `weir_copy` has it, and the bytes of the frame behind it.
    struct Copy {
        let head: weir_copy
        let bytes: [UInt8]
    }

    struct Unreadable: Error {}

    private let ring: RecordRing

    init(_ ring: consuming CopyRing) throws {
        let size = ring.size
        self.ring = try RecordRing(ring.takeDescriptor(), size: size)
    }

    /// All that is in the ring.
    func copies() throws -> [Copy] {
        let size = MemoryLayout<weir_copy>.size
        guard let records = ring.read(atMost: .max, length: .max) else { throw Unreadable() }
        return try records.map { record in
            let head = unsafe record.withUnsafeBytes { unsafe $0.loadUnaligned(as: weir_copy.self) }
            guard size + Int(head.kept) <= record.count else { throw Unreadable() }
            return Copy(head: head, bytes: Array(record[size...].prefix(Int(head.kept))))
        }
    }
}
