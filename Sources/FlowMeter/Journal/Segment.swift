// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import SystemPackage

/// A file of the journal: the parts of one window.
package struct Segment: Hashable, Sendable {
    package let path: FilePath
    /// Segments are in the order of their windows.
    package let sequence: UInt64
    /// See `JournalFrame`.
    package let nonce: UInt64
    package var bytes: Int64

    static let ending = ".window"

    package var name: String { path.lastComponent?.string ?? "" }

    package init(in folder: FilePath, sequence: UInt64, nonce: UInt64 = RandomBits.next()) {
        path = folder.appending("\(sequence.hexadecimal)-\(nonce.hexadecimal)\(Self.ending)")
        self.sequence = sequence
        self.nonce = nonce
        bytes = 0
    }

    /// The file that is going to take the place of that segment.
    init(at path: FilePath, of segment: Segment) {
        self.path = path
        sequence = segment.sequence
        nonce = segment.nonce
        bytes = 0
    }

    /// nil where the name is not a segment's.
    init?(in folder: FilePath, name: String, bytes: Int64) {
        guard name.hasSuffix(Self.ending) else { return nil }
        let numbers = name.dropLast(Self.ending.count).split(separator: "-").map { UInt64($0, radix: 16) }
        guard numbers.count == 2, let sequence = numbers[0], let nonce = numbers[1] else { return nil }
        path = folder.appending(name)
        self.sequence = sequence
        self.nonce = nonce
        self.bytes = bytes
    }
}

extension UInt64 {
    /// Sixteen digits.
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
