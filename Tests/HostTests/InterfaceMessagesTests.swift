// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host
import Testing

/// What the kernel sends, split per header; the layouts are those of linux/netlink.h and linux/if_link.h.
@Suite struct InterfaceMessagesTests {
    /// `struct nlmsghdr`, 16 bytes: length, type, flags, sequence, port.
    private static func message(type: UInt8, flags: UInt8 = 0, _ body: [UInt8]) -> [UInt8] {
        let length = 16 + body.count
        return [UInt8(length & 0xff), UInt8(length >> 8), 0, 0, type, 0, flags, 0] + [0, 0, 0, 0, 0, 0, 0, 0] + body
            + padding(length)
    }

    /// `struct nlattr`, 4 bytes: length, type; padded to 4.
    private static func attribute(_ type: UInt8, _ value: [UInt8], nested: Bool = false) -> [UInt8] {
        let length = 4 + value.count
        return [UInt8(length), 0, type, nested ? 0x80 : 0] + value + padding(length)
    }

    private static func padding(_ length: Int) -> [UInt8] { Array(repeating: 0, count: (4 - length % 4) % 4) }

    /// RTM_NEWLINK of a tap that is up, as it is sent when it has a new name.
    private static let tap = message(
        type: 16,
        [0, 0, 1, 0]  // AF_UNSPEC, padding, ARPHRD_ETHER
            + [0x2a, 0, 0, 0]  // index 42
            + [0x43, 0x10, 1, 0]  // IFF_UP, IFF_BROADCAST, IFF_RUNNING, IFF_MULTICAST, IFF_LOWER_UP
            + [0, 0, 0, 0]  // no mask of changes
            + attribute(3, Array("tap-α\0".utf8))  // IFLA_IFNAME
            + attribute(13, [0xe8, 3, 0, 0])  // IFLA_TXQLEN, which nobody reads
            + attribute(10, [7, 0, 0, 0])  // IFLA_MASTER
            + attribute(1, [0x02, 0x11, 0x22, 0x33, 0x44, 0x55])  // IFLA_ADDRESS
            + attribute(18, attribute(1, Array("tun\0".utf8)) + tapData, nested: true))  // IFLA_LINKINFO

    /// After IFLA_INFO_KIND: IFLA_INFO_DATA with IFLA_TUN_OWNER, IFLA_TUN_GROUP and IFLA_TUN_TYPE.
    private static let tapData = attribute(
        2, attribute(1, [0xe8, 3, 0, 0]) + attribute(2, [36, 0, 0, 0]) + attribute(3, [2]), nested: true)

    private static func deletion(index: UInt8, family: UInt8 = 0, _ attributes: [UInt8] = []) -> [UInt8] {
        message(
            type: 17,
            [family, 0, 1, 0]  // family, padding, ARPHRD_ETHER
                + [index, 0, 0, 0]  // index
                + [2, 0x10, 0, 0]  // IFF_BROADCAST, IFF_MULTICAST
                + [0xff, 0xff, 0xff, 0xff]  // mask of changes
                + attribute(3, Array("eth0\0".utf8))
                + attributes)
    }

    private static let tapFacts: InterfaceFacts = {
        var facts = InterfaceFacts(
            interface: NetworkInterface(name: "tap-α", index: 42), hardwareType: 1, flags: 0x11043)
        facts.address = MACAddress(0x0211_2233_4455)
        facts.kind = "tun"
        facts.master = 7
        (facts.owner, facts.group) = (1000, 36)
        return facts
    }()

    @Test func `an interface is read with its name, kind, flags, address and master`() {
        #expect(InterfaceMessages.read(Self.tap) == [.event(.present(Self.tapFacts))])
    }

    @Test func `a part of a list is told from an event by NLM_F_MULTI`() {
        var listed = Self.tap
        listed[6] = 2
        let done = Self.message(type: 3, flags: 2, [0, 0, 0, 0])
        #expect(InterfaceMessages.read(listed + done) == [.listed(.present(Self.tapFacts)), .listEnd])
    }

    @Test func `a deleted interface is gone`() {
        #expect(InterfaceMessages.read(Self.deletion(index: 9)) == [.event(.gone(index: 9, destination: nil))])
    }

    @Test func `an interface that moves to another namespace says where to, and which index it has there`() {
        let move =
            Self.attribute(45, [3, 0, 0, 0])  // IFLA_NEW_NETNSID
            + Self.attribute(49, [0x2c, 1, 0, 0])  // IFLA_NEW_IFINDEX
        #expect(
            InterfaceMessages.read(Self.deletion(index: 9, move)) == [
                .event(.gone(index: 9, destination: .init(namespaceID: 3, index: 300)))
            ])
    }

    @Test func `an interface that leaves a bridge is not gone`() {
        #expect(InterfaceMessages.read(Self.deletion(index: 9, family: 7)) == [])
    }

    @Test func `messages of other types are left out, and those after them are read`() {
        let address = Self.message(type: 20, [2, 24, 0, 0, 9, 0, 0, 0])  // RTM_NEWADDR
        #expect(
            InterfaceMessages.read(address + Self.deletion(index: 1) + Self.tap) == [
                .event(.gone(index: 1, destination: nil)), .event(.present(Self.tapFacts)),
            ])
    }

    @Test func `a refusal is told by its errno, an acknowledgement is nothing`() {
        let busy = Self.message(type: 2, [0xf0, 0xff, 0xff, 0xff] + Array(repeating: 0, count: 16))  // -EBUSY
        let done = Self.message(type: 2, [0, 0, 0, 0] + Array(repeating: 0, count: 16))
        #expect(InterfaceMessages.read(busy + done) == [.refusal(16)])
    }

    @Test func `a message that is cut anywhere is malformed, and none is read wrongly`() {
        for length in 1..<Self.tap.count {
            #expect(InterfaceMessages.read(Array(Self.tap.prefix(length))) == [.malformed], "\(length)")
        }
        #expect(InterfaceMessages.read([]) == [])
    }

    @Test func `lengths that cannot be are malformed, not followed`() {
        var short = Self.tap
        short[0] = 15
        var attribute = Self.tap
        attribute[32] = 3  // less than its own header
        var long = Self.tap
        long[32] = 0xff
        for bytes in [short, attribute, long] { #expect(InterfaceMessages.read(bytes) == [.malformed]) }
    }

    @Test func `an interface without a name is malformed`() {
        let nameless = Self.message(type: 16, [0, 0, 1, 0] + [1, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 0])
        #expect(InterfaceMessages.read(nameless) == [.malformed])
    }
}
