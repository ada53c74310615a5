// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), in little-endian order. A file is one section: its header, then interfaces, packets of
/// interfaces that the section has already, and the statistics of each interface.
package enum PcapNG {
    /// An interface of a section; packets name it by its place among those of its section.
    package struct Interface: Equatable, Sendable {
        package var name: String
        package var description: String?
        /// What was chosen of its frames, in words.
        package var filter: String?
        /// Bytes of a frame that are kept at most; 0: all.
        package var packetLength: UInt32 = 0

        package init(name: String, description: String? = nil) {
            self.name = name
            self.description = description
        }
    }

    package struct Packet: Equatable, Sendable {
        /// As the interface description's machine sees it: inbound goes to it.
        package enum Way: UInt32, Sendable {
            case inbound = 1
            case outbound = 2
        }

        package var interface: Int
        package var time: UnixTime
        package var way: Way
        package var bytes: [UInt8]
        /// Of the whole packet.
        package var length: UInt32
        package var comments: [String] = []
        /// Packets that were lost since the last one of the interface; nil: not said.
        package var lost: UInt64?

        package init(interface: Int, time: UnixTime, way: Way, bytes: [UInt8], length: UInt32) {
            self.interface = interface
            self.time = time
            self.way = way
            self.bytes = bytes
            self.length = length
        }
    }

    /// What became of an interface's packets.
    package struct Statistics: Equatable, Sendable {
        package var interface: Int
        package var begin: UnixTime
        package var end: UnixTime
        /// Packets that the capture's rules accepted.
        package var received: UInt64 = 0
        /// Of these, lost for want of room.
        package var dropped: UInt64 = 0
        package var written: UInt64 = 0
        package var comments: [String] = []

        package init(interface: Int, begin: UnixTime, end: UnixTime) {
            self.interface = interface
            self.begin = begin
            self.end = end
        }
    }

    /// The Section Header Block (§4.1). The section's length is not said: it ends with the file.
    package static func header(hardware: String, system: String, application: String) -> [UInt8] {
        var block = Block(0x0a0d_0d0a)
        block.put(UInt32(0x1a2b_3c4d))
        block.put(UInt16(1))
        block.put(UInt16(0))
        block.put(UInt64.max)
        block.option(2, text: hardware)
        block.option(3, text: system)
        block.option(4, text: application)
        return block.ended
    }

    /// The Interface Description Block (§4.2) of an Ethernet interface, whose times are nanoseconds.
    package static func block(of interface: Interface) -> [UInt8] {
        var block = Block(1)
        block.put(UInt16(1))
        block.put(UInt16(0))
        block.put(interface.packetLength)
        block.option(2, text: interface.name)
        block.option(3, text: interface.description)
        block.option(9, [9])
        // 0: text, as libpcap's filters are.
        if let filter = interface.filter { block.option(11, [0] + Block.bytes(of: filter, most: Block.longest - 1)) }
        return block.ended
    }

    /// The Enhanced Packet Block (§4.3).
    package static func block(of packet: Packet) -> [UInt8] {
        var block = Block(6, room: packet.bytes.count)
        block.put(UInt32(packet.interface))
        block.put(packet.time)
        block.put(UInt32(packet.bytes.count))
        block.put(packet.length)
        block.padded(packet.bytes)
        for comment in packet.comments { block.option(1, text: comment) }
        block.option(2, packet.way.rawValue.wire)
        if let lost = packet.lost { block.option(4, lost.wire) }
        return block.ended
    }

    /// The Interface Statistics Block (§4.6).
    package static func block(of statistics: Statistics) -> [UInt8] {
        var block = Block(5)
        block.put(UInt32(statistics.interface))
        block.put(statistics.end)
        for comment in statistics.comments { block.option(1, text: comment) }
        block.option(2, Block.wire(statistics.begin))
        block.option(3, Block.wire(statistics.end))
        block.option(4, statistics.received.wire)
        block.option(5, statistics.dropped.wire)
        block.option(8, statistics.written.wire)
        return block.ended
    }
}

/// A block that is being written (§3.1): its type, its length, its body, options, and its length once more.
private struct Block {
    private var bytes: [UInt8] = []
    private var hasOptions = false

    /// Of an option's value.
    static let longest = Int(UInt16.max)

    init(_ type: UInt32, room: Int = 0) {
        bytes.reserveCapacity(room + 128)
        put(type)
        put(UInt32(0))
    }

    mutating func put(_ number: some FixedWidthInteger) { bytes += number.wire }

    /// Its upper half is first.
    mutating func put(_ time: UnixTime) { bytes += Self.wire(time) }

    static func wire(_ time: UnixTime) -> [UInt8] {
        let nanoseconds = UInt64(max(0, time.nanoseconds))
        return UInt32(nanoseconds >> 32).wire + UInt32(truncatingIfNeeded: nanoseconds).wire
    }

    /// Up to a multiple of four bytes.
    mutating func padded(_ value: [UInt8]) {
        bytes += value
        bytes += [UInt8](repeating: 0, count: -value.count & 3)
    }

    mutating func option(_ code: UInt16, _ value: [UInt8]) {
        hasOptions = true
        put(code)
        put(UInt16(value.count))
        padded(value)
    }

    mutating func option(_ code: UInt16, text: String?) {
        if let text { option(code, Self.bytes(of: text, most: Self.longest)) }
    }

    /// The text's beginning, no character of it in part.
    static func bytes(of text: String, most: Int) -> [UInt8] {
        guard text.utf8.count > most else { return Array(text.utf8) }
        var bytes: [UInt8] = []
        for character in text {
            guard bytes.count + character.utf8.count <= most else { break }
            bytes += Array(character.utf8)
        }
        return bytes
    }

    /// With the end of its options and both lengths.
    var ended: [UInt8] {
        var result = bytes
        if hasOptions { result += [0, 0, 0, 0] }
        let length = UInt32(result.count + 4).wire
        result.replaceSubrange(4..<8, with: length)
        return result + length
    }
}

extension FixedWidthInteger {
    /// Little-endian.
    fileprivate var wire: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (Self($0) * 8)) }
    }
}
