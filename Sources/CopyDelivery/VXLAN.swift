// SPDX-License-Identifier: Apache-2.0

/// The payload of a UDP datagram that carries a frame (RFC 7348 §5).
enum VXLAN {
    /// That the VNI is valid.
    private static let flags: UInt8 = 0x08

    /// The header, and the frame behind it.
    ///
    /// - Parameter vni: 24 bits.
    static func datagram(_ frame: [UInt8], vni: UInt32) -> [UInt8] {
        let number = (0..<3).map { UInt8(truncatingIfNeeded: vni >> UInt32(16 - 8 * $0)) }
        var datagram: [UInt8] = []
        datagram.reserveCapacity(8 + frame.count)
        datagram += [flags, 0, 0, 0, number[0], number[1], number[2], 0]
        datagram += frame
        return datagram
    }
}
