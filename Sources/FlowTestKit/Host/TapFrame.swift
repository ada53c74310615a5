// SPDX-License-Identifier: Apache-2.0

/// A frame with its virtio header (linux/virtio_net.h, `struct virtio_net_hdr`).
package struct TapFrame: Sendable {
    package let bytes: [UInt8]

    static let headerLength = 10

    /// A frame that goes as it is.
    package init(_ frame: Frame) { self.init(frame.bytes) }

    package init(_ frame: [UInt8]) { bytes = Array(repeating: 0, count: Self.headerLength) + frame }

    /// A TCP frame over IPv4 or IPv6 that the kernel is to cut into segments, and whose checksum it completes.
    ///
    /// - Parameters:
    ///   - transport: which of the frame's layers is TCP.
    ///   - headers: how long the TCP header is, options included.
    ///   - segment: payload of a segment.
    package init(_ frame: Frame, isIPv4: Bool, transport: Int, headers: Int = 20, segment: Int) {
        let start = frame.offsets[transport]
        let fields = [start + headers, segment, start, 16].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
        let needsChecksum: UInt8 = 1
        bytes = [needsChecksum, isIPv4 ? 1 : 4] + fields + frame.bytes
    }
}
