// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension [UInt8] {
    /// Appends the number, most significant byte first.
    mutating func append(big value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Overwrites two bytes with the number, most significant byte first.
    mutating func write(big value: UInt16, at offset: Int) {
        self[offset] = UInt8(value >> 8)
        self[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}

/// The Internet checksum (RFC 1071); the field that it goes into is zero.
func internetChecksum(of bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        let low = index + 1 < bytes.count ? bytes[index + 1] : 0
        sum += UInt32(bytes[index]) << 8 | UInt32(low)
        sum = sum & 0xffff + sum >> 16
    }
    return ~UInt16(sum)
}

/// CRC32c as SCTP writes it (RFC 9260 appendix A), least significant byte first.
func sctpChecksum(of bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }
    return (~crc).byteSwapped
}

extension IPAddress: ExpressibleByStringLiteral {
    /// An address in a test; traps where the text is none.
    package init(stringLiteral text: String) {
        guard let address = IPAddress(text) else { preconditionFailure("\(text) is no IP address") }
        self = address
    }

    package var wireBytes: [UInt8] {
        var bytes: [UInt8] = []
        switch version {
        case .v4: bytes.append(big: UInt32(low))
        case .v6:
            bytes.append(big: high)
            bytes.append(big: low)
        }
        return bytes
    }
}

extension MACAddress: ExpressibleByStringLiteral {
    /// An address in a test, six pairs of hex digits with colons; traps where the text is none.
    package init(stringLiteral text: String) {
        let parts = text.split(separator: ":").compactMap { UInt64($0, radix: 16) }
        guard parts.count == 6, parts.allSatisfy({ $0 < 256 }) else { preconditionFailure("\(text) is no MAC address") }
        self.init(parts.reduce(0) { $0 << 8 | $1 })
    }

    package var wireBytes: [UInt8] { (0..<6).map(byte) }
}
