// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowTestKit
import Testing

/// From what a hook sees to what is on the wire: the frames of both are built by the tests' own builder, which fills in lengths and sums.
@Suite struct WirePacketTests {
    private static let ways: [[Layer]] = [
        [.ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .tcp(from: 1000, to: 80)],
        [.ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 1000, to: 80)],
        [.ethernet(), .ipv6(from: "2001:db8::1", to: "2001:db8::2"), .tcp(from: 1000, to: 80)],
        [.ethernet(), .vlan(7), .ipv6(from: "2001:db8::1", to: "2001:db8::2"), .hopByHop(), .udp(from: 1000, to: 80)],
        [.ethernet(), .serviceVLAN(7), .vlan(8), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .tcp(from: 1000, to: 80)],
    ]

    private static func frame(_ layers: [Layer], payload: Int) -> Frame {
        Frame(layers + [.payload(Array(repeating: 0x61, count: payload))])
    }

    /// The beginning of a frame, as a copy has it, with the transport's checksum, which is left as it is, set to zero.
    private static func beginning(_ bytes: [UInt8], of frame: Frame, _ isTCP: Bool) -> [UInt8] {
        var bytes = bytes
        let transport = frame.offsets[frame.offsets.count - 2]
        let sum = transport + (isTCP ? 16 : 6)
        bytes.replaceSubrange(sum...(sum + 1), with: [0, 0])
        return Array(bytes.prefix(WirePacket.mostBytes))
    }

    @Test(arguments: ways.indices, [1448, 536])
    func `the first packet of a super-frame is what would be on the wire`(_ way: Int, _ segment: Int) {
        let layers = Self.ways[way]
        let isTCP = ![1, 3].contains(way)
        let long = Self.frame(layers, payload: 20 * segment + 17)
        let whole = Self.frame(layers, payload: segment)
        let packet = WirePacket(
            Array(long.bytes.prefix(WirePacket.mostBytes)), length: UInt32(long.bytes.count), segment: UInt16(segment))
        #expect(packet.length == UInt32(whole.bytes.count))
        let found = Self.beginning(packet.header, of: whole, isTCP)
        #expect(found == Self.beginning(whole.bytes, of: whole, isTCP))
    }

    @Test func `a tag beside a frame is where it would be on the wire`() {
        let layers: [Layer] = [.ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 1000, to: 80), .payload(200)]
        let bare = Frame([.ethernet()] + layers).bytes
        let tagged = Frame([.ethernet(), .vlan(100, priority: 5)] + layers).bytes
        let packet = WirePacket(Array(bare.prefix(128)), length: UInt32(bare.count), tag: VLANTag(bits: 0xa064))
        #expect(packet.header == Array(tagged.prefix(128)) && packet.length == UInt32(tagged.count))
        #expect(packet.tag?.id == 100 && packet.tag?.priority == 5)
        let inline = WirePacket(Array(tagged.prefix(128)), length: UInt32(tagged.count))
        #expect(inline == packet)
    }

    @Test func `whatever is cut off, and whatever its bytes say, a frame is read within its bytes`() {
        for way in Self.ways {
            let frame = Self.frame(way, payload: 3000).bytes
            for kept in 0...140 {
                let packet = WirePacket(Array(frame.prefix(kept)), length: UInt32(frame.count), segment: 1448)
                #expect(packet.header.count == min(kept, 128) && packet.length <= UInt32(frame.count))
            }
            for place in 0..<80 {
                for value in [UInt8](0...255) {
                    var bytes = Array(frame.prefix(128))
                    bytes[place] = value
                    let packet = WirePacket(bytes, length: UInt32(frame.count), tag: VLANTag(bits: 1), segment: 1448)
                    #expect(packet.header.count == 128)
                }
            }
        }
    }
}
