// SPDX-License-Identifier: Apache-2.0

import CWeirABI
package import FlowModel

/// A frame, or its beginning, that a port's program has put into a ring, and what the program knew of it: `weir_copy`.
package struct CopiedFrame: Equatable, Sendable {
    /// Why it is in the ring: `enum weir_copy_cause`.
    package enum Cause: UInt8, Sendable {
        case sample = 1
        case discarded = 2
        case session = 3
    }

    package var cause: Cause
    /// When the program saw it.
    package var time = MonotonicTime(nanoseconds: 0)
    package var port: PortNumber
    package var direction: Direction
    /// What the port's policy said of it, and by which of its rules; 0: by none.
    package var ruling = Ruling.none
    package var rule: UInt16 = 0
    /// Of the session that took it, as user space has chosen it; 0: of none.
    package var label: UInt16 = 0
    /// What is here of the frame, from its Ethernet header on, without a tag that lay beside it.
    package var bytes: [UInt8]
    /// Of the whole frame, without that tag.
    package var length: UInt32
    /// Control information (IEEE 802.1Q) of a tag that lay beside the frame.
    package var tag: UInt16?
    /// Where the frame is several packets that were not cut yet: the payload of each; 0: it is one.
    package var segment: UInt16 = 0
    /// Packets on the wire that the frame is, and how many of these were drawn.
    package var packets: UInt32 = 1
    package var samples: UInt32 = 1

    /// Of a record, what lies before the frame.
    package static let headBytes = MemoryLayout<weir_copy>.size

    /// A frame that is here as a whole.
    package init(_ cause: Cause, port: PortNumber, direction: Direction, bytes: [UInt8]) {
        self.cause = cause
        self.port = port
        self.direction = direction
        self.bytes = bytes
        length = UInt32(bytes.count)
    }

    /// Reads what lies in a ring; nil where that is no copy. No length that it names is followed beyond its bytes.
    package init?(_ record: [UInt8]) {
        let fields = CopyFields(record)
        guard let fields, let cause = Cause(rawValue: fields.number(\.cause)),
            let direction = Direction(rawValue: fields.number(\.direction))
        else { return nil }
        self.init(cause, port: PortNumber(fields.number(\.port)), direction: direction, bytes: fields.bytes)
        time = MonotonicTime(nanoseconds: fields.number(\.time_ns))
        (ruling, rule) = (Ruling(rawValue: fields.number(\.ruling)) ?? .none, fields.number(\.rule))
        label = fields.number(\.session)
        length = max(fields.number(\.length), length)
        tag = fields.number(\.has_vlan) == 0 ? nil : fields.number(\.vlan_tci)
        segment = fields.number(\.gso_size)
        packets = fields.number(\.packets)
        samples = min(fields.number(\.samples), packets)
    }

    /// The frame as it is on the wire: a tag that lay beside it is in it, behind the addresses.
    package var wireBytes: [UInt8] {
        guard let tag, bytes.count >= Self.addresses else { return bytes }
        var frame = bytes
        let words: [UInt8] = [0x81, 0x00, UInt8(tag >> 8), UInt8(truncatingIfNeeded: tag)]
        frame.insert(contentsOf: words, at: Self.addresses)
        return frame
    }

    /// Of the whole frame with that tag.
    package var wireLength: UInt32 { tag == nil ? length : length &+ Self.tagBytes }

    /// Of an Ethernet header, both addresses.
    private static let addresses = 12
    private static let tagBytes: UInt32 = 4
}

/// A record with room for the fields of `weir_copy`, in the host's byte order, and the bytes behind them.
private struct CopyFields {
    private let record: [UInt8]

    init?(_ record: [UInt8]) {
        guard record.count >= CopiedFrame.headBytes else { return nil }
        self.record = record
    }

    /// A field of whatever width.
    func number<Field: FixedWidthInteger>(_ field: KeyPath<weir_copy, Field>) -> Field {
        let place = MemoryLayout<weir_copy>.offset(of: field) ?? 0
        // Little-endian hosts have the lowest byte first.
        return record[place..<(place + MemoryLayout<Field>.size)].reversed().reduce(0) { $0 << 8 | Field($1) }
    }

    /// As many as are said to be kept, and are here: the record may be longer.
    var bytes: [UInt8] { Array(record[CopiedFrame.headBytes...].prefix(Int(number(\.kept)))) }
}
