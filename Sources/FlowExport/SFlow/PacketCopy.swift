// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
package import FlowFormats
package import FlowModel

/// The beginning of a packet that a port's program has put into a ring, for a sample or because it was dropped.
package struct PacketCopy: Equatable, Sendable {
    package enum Cause: UInt8, Sendable {
        case sample = 1
        case discarded = 2
    }

    package var cause: Cause
    package var port: PortNumber
    package var direction: Direction
    /// Of a record in the ring, so many bytes are read at most.
    package static let mostBytes = CopiedFrame.headBytes + WirePacket.mostBytes

    /// Packets on the wire that the frame is, and how many of these were drawn.
    package var packets: UInt32
    package var samples: UInt32
    package var packet: WirePacket

    package init(
        _ cause: Cause, port: PortNumber, direction: Direction, packets: UInt32 = 1, samples: UInt32 = 1,
        _ packet: WirePacket
    ) {
        self.cause = cause
        self.port = port
        self.direction = direction
        self.packets = packets
        self.samples = samples
        self.packet = packet
    }

    /// Reads what lies in a ring; nil where that is no copy of these causes.
    package init?(_ record: [UInt8]) {
        guard let frame = CopiedFrame(record), let cause = Cause(rawValue: frame.cause.rawValue) else { return nil }
        self.init(
            cause, port: frame.port, direction: frame.direction, packets: frame.packets, samples: frame.samples,
            WirePacket(
                frame.bytes, length: frame.length, tag: frame.tag.map { VLANTag(bits: $0) }, segment: frame.segment))
    }
}
