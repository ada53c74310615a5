// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Testing

@testable import CopyDelivery

@Suite struct FrameOutlineTests {
    private static func outline(_ bytes: [UInt8]) -> FrameOutline { FrameOutline(bytes, length: UInt32(bytes.count)) }

    private static func frame(
        _ from: String, _ fromPort: UInt16, _ to: String, _ toPort: UInt16, vlan: UInt16? = nil
    ) -> [UInt8] {
        let tag = vlan.map { [Layer.vlan($0)] } ?? []
        let ip: Layer =
            from.contains(":")
            ? .ipv6(from: IPAddress(from)!, to: IPAddress(to)!) : .ipv4(from: IPAddress(from)!, to: IPAddress(to)!)
        return Frame([.ethernet()] + tag + [ip, .udp(from: fromPort, to: toPort), .payload(20)]).bytes
    }

    /// The parser that the programs are tested against.
    @Test func `octets of IP packets are those that the programs count`() {
        let kinds: [Expected.Kind] = [.ip, .notIP]
        var generator = FrameGenerator(seed: 7)
        let frames = (0..<2000).map { _ in generator.randomFrame() }.filter { frame in
            let expected = ReferenceParser.classify(frame)
            return kinds.contains(expected.kind) && expected.count.packets == 1
        }
        #expect(!frames.isEmpty)
        for frame in frames {
            #expect(Self.outline(frame).octets == ReferenceParser.classify(frame).count.octets, "\(frame)")
        }
    }

    @Test func `the length of a packet is that of its header where the frame was cut or padded`() {
        let bytes = Self.frame("10.0.0.1", 1, "10.0.0.2", 2)
        #expect(FrameOutline(Array(bytes.prefix(34)), length: UInt32(bytes.count)).octets == 48)
        #expect(Self.outline(bytes + [UInt8](repeating: 0, count: 10)).octets == 48)
        #expect(FrameOutline([], length: 60).octets == 46)
        #expect(FrameOutline([1, 2, 3], length: 3).octets == 0)
    }

    @Test(arguments: [("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")], [nil, 7] as [UInt16?])
    func `both directions of a connection have one hash, and others have others`(
        hosts: (String, String), vlan: UInt16?
    ) {
        let there = Self.outline(Self.frame(hosts.0, 4000, hosts.1, 53, vlan: vlan)).hash
        #expect(Self.outline(Self.frame(hosts.1, 53, hosts.0, 4000, vlan: vlan)).hash == there)
        let others = (0..<256).map { Self.outline(Self.frame(hosts.0, 4001 + $0, hosts.1, 53, vlan: vlan)).hash % 8 }
        #expect(Set(others).count == 8)
    }
}
