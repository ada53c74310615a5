// SPDX-License-Identifier: Apache-2.0

import CWeirABI
package import FlowFormats
package import FlowModel

/// The beginning of a frame that a port's program has put into a ring, and why: `weir_copy`.
package struct PacketCopy: Equatable, Sendable {
    package enum Cause: UInt8, Sendable {
        case sample = 1
        case discarded = 2
    }

    package var cause: Cause
    package var port: PortNumber
    package var direction: Direction
    /// Of a record in the ring, so many bytes are read at most.
    package static let mostBytes = MemoryLayout<weir_copy>.size + WirePacket.mostBytes

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
        let fields = CopyFields(record)
        guard let fields, let cause = Cause(rawValue: fields.byte(\.cause)),
            let direction = Direction(rawValue: fields.byte(\.direction))
        else { return nil }
        let packets = fields.word(\.packets)
        self.init(
            cause, port: PortNumber(fields.halfWord(\.port)), direction: direction, packets: packets,
            samples: min(fields.word(\.samples), packets),
            WirePacket(
                fields.bytes, length: fields.word(\.length),
                tag: fields.byte(\.has_vlan) == 0 ? nil : VLANTag(bits: fields.halfWord(\.vlan_tci)),
                segment: fields.halfWord(\.gso_size)))
    }
}

/// A record with room for the fields of `weir_copy`, in the host's byte order, and the bytes behind them.
private struct CopyFields {
    private let record: [UInt8]
    private static let size = MemoryLayout<weir_copy>.size

    init?(_ record: [UInt8]) {
        guard record.count >= Self.size else { return nil }
        self.record = record
    }

    func byte(_ field: PartialKeyPath<weir_copy>) -> UInt8 { UInt8(truncatingIfNeeded: number(field, 1)) }
    func halfWord(_ field: PartialKeyPath<weir_copy>) -> UInt16 { UInt16(truncatingIfNeeded: number(field, 2)) }
    func word(_ field: PartialKeyPath<weir_copy>) -> UInt32 { UInt32(truncatingIfNeeded: number(field, 4)) }

    /// As many as are said to be kept, and are here.
    var bytes: [UInt8] { Array(record[Self.size...].prefix(Int(word(\.kept)))) }

    /// Little-endian hosts have the lowest byte first.
    private func number(_ field: PartialKeyPath<weir_copy>, _ bytes: Int) -> UInt64 {
        let place = MemoryLayout<weir_copy>.offset(of: field) ?? 0
        return record[place..<(place + bytes)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
