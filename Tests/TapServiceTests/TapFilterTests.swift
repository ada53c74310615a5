// SPDX-License-Identifier: Apache-2.0

import FlowModel
import TapService
import Testing

/// Which packets rules choose. The examples are those of AWS's guide to traffic mirroring ("Traffic mirror filter concepts").
@Suite struct TapFilterTests {
    private static func filter(_ rules: String...) throws -> TapFilter {
        var fixture = TapFixture()
        var values = TapFixture.fields("name=f")
        values["rules"] = .list(rules.map { .text($0) })
        try fixture.create(.filters, values)
        return TapFilter(fixture.book.filters[0].rules(of: .ingress))
    }

    private static func tcp(_ source: String, _ destination: String, port: UInt16, flags: UInt8 = 0x10) -> TapPacket {
        packet(6, source, destination, (40_000, port), flags)
    }

    private static func packet(
        _ transport: UInt8, _ source: String, _ destination: String, _ ports: (UInt16, UInt16)? = nil,
        _ flags: UInt8? = nil, refused: Bool = false, vlan: UInt16 = 0
    ) -> TapPacket {
        let ports = ports.map { (source: $0.0, destination: $0.1) }
        return TapPacket(
            .ingress, vlan: vlan,
            TapPacket.Flow(
                transport: transport, source: IPAddress(source)!, destination: IPAddress(destination)!, ports: ports,
                flags: flags, isRefused: refused))
    }

    @Test func `AWS's first example: no SSH from my network to my VPC, all other TCP of IPv4`() throws {
        let filter = try Self.filter(
            "number=10,action=reject,direction=ingress,protocol=6,destination-port=22,source=192.168.0.0/16,destination=10.0.0.0/16",
            "number=20,action=accept,direction=ingress,protocol=6,source=0.0.0.0/0,destination=0.0.0.0/0")
        #expect(!filter.accepts(Self.tcp("192.168.1.1", "10.0.0.5", port: 22)))
        #expect(filter.rule(for: Self.tcp("192.168.1.1", "10.0.0.5", port: 22))?.number == 10)
        #expect(filter.accepts(Self.tcp("192.168.1.1", "10.0.0.5", port: 23)))
        #expect(filter.accepts(Self.tcp("172.16.0.1", "10.0.0.5", port: 22)))
        #expect(filter.accepts(Self.tcp("192.168.1.1", "10.1.0.5", port: 22)))
        #expect(filter.rule(for: Self.tcp("fd00::1", "fd00::2", port: 80)) == nil)
        #expect(filter.rule(for: Self.packet(17, "192.168.1.1", "10.0.0.5", (1, 53))) == nil)
    }

    @Test func `AWS's second example: HTTPS from all addresses of IPv4 and of IPv6`() throws {
        let filter = try Self.filter(
            "number=10,action=accept,direction=ingress,protocol=6,destination-port=443,source=0.0.0.0/0,destination=0.0.0.0/0",
            "number=20,action=accept,direction=ingress,protocol=6,destination-port=443,source=::/0,destination=::/0")
        #expect(filter.rule(for: Self.tcp("8.8.8.8", "10.0.0.5", port: 443))?.number == 10)
        #expect(filter.rule(for: Self.tcp("2001:db8::1", "2001:db8::2", port: 443))?.number == 20)
        #expect(!filter.accepts(Self.tcp("8.8.8.8", "10.0.0.5", port: 80)))
    }

    @Test func `no rule means that nothing is copied, and a direction has its own rules`() throws {
        #expect(!TapFilter([]).accepts(Self.tcp("10.0.0.1", "10.0.0.2", port: 1)))
        #expect(!TapFilter([]).accepts(TapPacket(.ingress)))
        var fixture = TapFixture()
        try fixture.create(.filters, "name=f", rules: "number=1,action=accept,direction=OUT")
        #expect(fixture.book.filters[0].rules(of: .ingress).isEmpty)
        #expect(fixture.book.filters[0].rules(of: .egress).count == 1)
    }

    @Test func `the lowest number decides, whatever the order in which rules are written`() throws {
        let filter = try Self.filter(
            "number=20,action=accept,direction=IN", "number=10,action=reject,direction=IN,protocol=udp")
        #expect(!filter.accepts(Self.packet(17, "10.0.0.1", "10.0.0.2", (1, 2))))
        #expect(filter.accepts(Self.packet(6, "10.0.0.1", "10.0.0.2", (1, 2))))
        #expect(filter.passed(by: Self.packet(6, "10.0.0.1", "10.0.0.2", (1, 2))).map(\.why) == ["it is for udp"])
    }

    @Test func `a rule that names nothing matches every frame; one that names something of IP matches IP alone`() throws
    {
        let everything = try Self.filter("number=1,action=accept,direction=IN")
        #expect(everything.accepts(TapPacket(.ingress)))
        let tagged = try Self.filter("number=1,action=accept,direction=IN,vlan=18-22")
        #expect(tagged.accepts(TapPacket(.ingress, vlan: 18)) && tagged.accepts(TapPacket(.ingress, vlan: 22)))
        #expect(!tagged.accepts(TapPacket(.ingress, vlan: 23)) && !tagged.accepts(TapPacket(.ingress)))
        for part in ["protocol=tcp", "source=0.0.0.0/0", "destination=::/0", "verdict=accept"] {
            let filter = try Self.filter("number=1,action=accept,direction=IN,\(part)")
            #expect(!filter.accepts(TapPacket(.ingress)), "\(part)")
        }
    }

    @Test func `ports of a fragment without its first, and of protocols without ports, match no rule with ports`()
        throws
    {
        let filter = try Self.filter("number=1,action=accept,direction=IN,protocol=udp,destination-port=0-65535")
        #expect(filter.accepts(Self.packet(17, "10.0.0.1", "10.0.0.2", (1, 0))))
        #expect(!filter.accepts(Self.packet(17, "10.0.0.1", "10.0.0.2")))
    }

    @Test func `type and code of ICMP stand as its ports`() throws {
        let filter = try Self.filter("number=1,action=accept,direction=IN,protocol=icmp,icmp-type=8,icmp-code=0")
        #expect(filter.accepts(Self.packet(1, "10.0.0.1", "10.0.0.2", (8, 0))))
        #expect(!filter.accepts(Self.packet(1, "10.0.0.1", "10.0.0.2", (0, 0))))
    }

    @Test(
        arguments: [
            ("syn", [0x02, 0x12, 0xC2], [0x10, 0x00]), ("syn/syn+ack", [0x02, 0x42], [0x12, 0x10]),
            ("none/syn+ack+fin+rst", [0x08, 0x00], [0x01, 0x18]), ("fin+rst", [0x05, 0x15], [0x01, 0x04]),
        ] as [(String, [UInt8], [UInt8])])
    func `TCP flags are compared within their mask`(_ flags: String, yes: [UInt8], no: [UInt8]) throws {
        let filter = try Self.filter("number=1,action=accept,direction=IN,protocol=tcp,tcp-flags=\(flags)")
        for bits in yes { #expect(filter.accepts(Self.tcp("10.0.0.1", "10.0.0.2", port: 1, flags: bits)), "\(bits)") }
        for bits in no { #expect(!filter.accepts(Self.tcp("10.0.0.1", "10.0.0.2", port: 1, flags: bits)), "\(bits)") }
    }

    @Test func `verdict reject takes what the policy refuses, and verdict accept the rest`() throws {
        let refused = try Self.filter("number=1,action=accept,direction=IN,verdict=reject")
        let allowed = try Self.filter("number=1,action=accept,direction=IN,verdict=accept")
        let (bad, good) = (
            Self.packet(6, "10.0.0.1", "10.0.0.2", (1, 2), 2, refused: true),
            Self.packet(6, "10.0.0.1", "10.0.0.2", (1, 2), 2)
        )
        #expect(refused.accepts(bad) && !refused.accepts(good))
        #expect(allowed.accepts(good) && !allowed.accepts(bad))
    }

    @Test func `a rule is written as it is read`() throws {
        let text =
            "action=accept,destination=10.0.0.0/8,destination_port=80-90,direction=OUT,number=7,protocol=tcp,"
            + "source=10.1.0.0/16,source_port=1,tcp_flags=syn/syn+ack,verdict=reject,vlan=2"
        let rules = try TapFilterRule.read(.text(text))
        let members = rules[0].members.sorted { $0.key < $1.key }
        let written = members.map { member in
            if case .text(let value) = member.value {
                "\(member.key)=\(value)"
            } else {
                "\(member.key)=\(member.value)"
            }
        }
        #expect(written.joined(separator: ",") == text)
        #expect(
            rules[0].rule.text
                == "tcp from 10.1.0.0/16 port 1 to 10.0.0.0/8 port 80-90 vlan 2 flags syn/syn+ack verdict reject")
    }
}
