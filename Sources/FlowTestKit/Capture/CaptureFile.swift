// SPDX-License-Identifier: Apache-2.0

/// A capture file in the classic format, which every tool reads (draft-ietf-opsawg-pcap).
package struct CaptureFile: Equatable, Sendable {
    package struct Frame: Equatable, Sendable {
        package let bytes: [UInt8]
        /// As long as it was on the wire; more than its bytes where the capture cut it.
        package let originalLength: Int
    }

    package private(set) var frames: [Frame]

    package init(_ frames: some Sequence<[UInt8]>) {
        self.frames = frames.map { Frame(bytes: $0, originalLength: $0.count) }
    }

    /// Reads a file of Ethernet frames in either byte order; nil where it is none.
    package init?(contents: [UInt8]) {
        guard contents.count >= 24, let order = ByteOrder(magic: contents[0..<4]),
            order.number(contents[20..<24]) & 0x0fff_ffff == Self.ethernetLinkType
        else { return nil }
        frames = []
        var rest = contents[24...]
        // A record that is still being written is not one yet.
        while rest.count >= 16 {
            let captured = Int(order.number(rest.dropFirst(8).prefix(4)))
            let original = Int(order.number(rest.dropFirst(12).prefix(4)))
            guard rest.count >= 16 + captured else { return }
            frames.append(Frame(bytes: Array(rest.dropFirst(16).prefix(captured)), originalLength: original))
            rest = rest.dropFirst(16 + captured)
        }
    }

    /// The file, in network order, one frame a second from the epoch on.
    package var contents: [UInt8] {
        var bytes: [UInt8] = []
        for field: UInt32 in [Self.magic, 2 << 16 | 4, 0, 0, 262_144, Self.ethernetLinkType] {
            bytes.append(big: field)
        }
        for (second, frame) in frames.enumerated() {
            for field in [second, 0, frame.bytes.count, frame.originalLength] { bytes.append(big: UInt32(field)) }
            bytes += frame.bytes
        }
        return bytes
    }

    private static let magic: UInt32 = 0xa1b2_c3d4
    private static let nanosecondMagic: UInt32 = 0xa1b2_3c4d
    private static let ethernetLinkType: UInt32 = 1

    private enum ByteOrder {
        case big, little

        init?(magic bytes: ArraySlice<UInt8>) {
            let magics = [CaptureFile.magic, CaptureFile.nanosecondMagic]
            guard let order = [Self.big, .little].first(where: { magics.contains($0.number(bytes)) }) else {
                return nil
            }
            self = order
        }

        func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
            let value = UInt32(bytes.number(at: 0, length: 4))
            return self == .big ? value : value.byteSwapped
        }
    }
}
