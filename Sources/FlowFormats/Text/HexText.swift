// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
    /// Appends bytes as pairs of hexadecimal digits, as text2pcap(1) and other tools read them.
    mutating func appendHex(_ bytes: [UInt8]) {
        for byte in bytes {
            append(Self.digits[Int(byte >> 4)])
            append(Self.digits[Int(byte & 0xF)])
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)
}

extension LineWriter {
    /// A byte as two hexadecimal digits.
    mutating func hexadecimal(_ value: UInt8) {
        byte(hexadecimalDigit(value >> 4))
        byte(hexadecimalDigit(value & 15))
    }
}
