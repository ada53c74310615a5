// SPDX-License-Identifier: Apache-2.0

/// Bytes in the external data representation (RFC 4506): big-endian, each item a multiple of four bytes.
package struct XDRBytes: Equatable, Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append(_ value: UInt32) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    package mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value >> 32))
        append(UInt32(truncatingIfNeeded: value))
    }

    /// IEEE 754, 32 bits.
    package mutating func append(_ value: Float) { append(value.bitPattern) }

    /// Bytes of a length that the reader knows, with zeros up to a multiple of four.
    package mutating func append(fixed bytes: [UInt8]) {
        self.bytes += bytes
        self.bytes += repeatElement(0, count: (4 - bytes.count % 4) % 4)
    }

    /// A length and so many bytes.
    package mutating func append(variable bytes: [UInt8]) {
        append(UInt32(bytes.count))
        append(fixed: bytes)
    }

    /// Text in UTF-8; of a longer one whole characters up to so many bytes.
    package mutating func append(_ text: String, atMost limit: Int) {
        append(variable: text.leadingBytes(atMost: limit))
    }

    /// The length in bytes of what the function appends, and then that.
    package mutating func appendMeasured(_ append: (inout XDRBytes) -> Void) {
        var inner = XDRBytes()
        append(&inner)
        self.append(UInt32(inner.bytes.count))
        bytes += inner.bytes
    }

    package mutating func append(_ other: XDRBytes) { bytes += other.bytes }
}

extension String {
    /// Its first bytes, without a character that is cut.
    fileprivate func leadingBytes(atMost limit: Int) -> [UInt8] {
        guard utf8.count > limit else { return Array(utf8) }
        var kept: [UInt8] = []
        for character in self {
            guard kept.count + character.utf8.count <= limit else { break }
            kept += Array(character.utf8)
        }
        return kept
    }
}
