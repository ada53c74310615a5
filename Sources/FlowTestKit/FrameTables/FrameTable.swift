// SPDX-License-Identifier: Apache-2.0

/// Frames that cover every combination of headers that a flow key is made from, and every way to be wrong.
package enum FrameTable {
    /// All tables, in one order that never changes: later fragments come after their first.
    package static let all: [FrameCase] =
        transports + tags + options + extensions + fragments + wrongLengths + cutFrames + notIP + padded

    /// The beginnings of a frame up to the IP header, by how many tags there are.
    static let linkLayers: [(name: String, layers: [Layer])] = [
        ("untagged", [.ethernet()]),
        ("priority tag", [.ethernet(), .vlan(0, priority: 5)]),
        ("VLAN 100", [.ethernet(), .vlan(100)]),
        ("VLAN 4095", [.ethernet(), .vlan(4095, priority: 7)]),
        ("service VLAN 200", [.ethernet(), .serviceVLAN(200)]),
        ("QinQ 200, 100", [.ethernet(), .serviceVLAN(200), .vlan(100)]),
        ("802.1Q twice 300, 301", [.ethernet(), .vlan(300), .vlan(301)]),
        ("three tags 200, 100, 50", [.ethernet(), .serviceVLAN(200), .vlan(100), .vlan(50)]),
        ("four tags", [.ethernet(), .serviceVLAN(200), .vlan(100), .vlan(50), .vlan(25)]),
    ]

    static let internetLayers: [(name: String, layer: Layer)] = [("IPv4", .ipv4()), ("IPv6", .ipv6())]

    /// Every transport that has ports or a type and code, and some that have none.
    static let transportLayers: [(name: String, layers: [Layer])] = [
        ("TCP SYN", [.tcp(from: 40000, to: 443, flags: [.syn], options: 20)]),
        ("TCP SYN+ACK", [.tcp(from: 443, to: 40000, flags: [.syn, .ack], options: 40)]),
        ("TCP ACK", [.tcp(from: 40000, to: 443, flags: [.ack]), .payload(100)]),
        ("TCP every flag", [.tcp(from: 1, to: 65535, flags: TCPFlags(rawValue: 0xfff)), .payload(1)]),
        ("TCP no flag", [.tcp(from: 40001, to: 80, flags: [])]),
        ("UDP", [.udp(from: 4000, to: 4001), .payload(30)]),
        ("UDP empty", [.udp(from: 4000, to: 4001)]),
        ("UDP-Lite", [.udpLite(from: 7000, to: 7001), .payload(16)]),
        ("SCTP", [.sctp(from: 36412, to: 36413, tag: 9), .payload([11, 0, 0, 4])]),
        ("DCCP", [.dccp(from: 5001, to: 5002), .payload(5)]),
        ("ICMP echo request", [.icmp(type: 8, rest: 0x0001_0002), .payload(56)]),
        ("ICMP port unreachable", [.icmp(type: 3, code: 3), .ipv4(), .udp(from: 1, to: 2)]),
        ("ICMPv6 echo request", [.icmpv6(type: 128, rest: 0x0001_0002), .payload(56)]),
        ("ICMPv6 of four bytes", [.icmpv6(type: 1, code: 4, rest: nil)]),
        ("GRE", [.payload([0, 0, 0x08, 0, 0x45, 0, 0, 20], protocol: NextHeader.gre)]),
        ("ESP", [.payload(40, protocol: NextHeader.esp)]),
        ("IPv4 inside", [.ipv4(from: "192.0.2.1", to: "192.0.2.2"), .udp(from: 9, to: 10)]),
        ("IPv6 inside", [.ipv6(from: "fd00::1", to: "fd00::2"), .tcp(from: 11, to: 12)]),
        ("VRRP", [.payload(20, protocol: 112)]),
        ("protocol 255", [.payload(3, protocol: 255)]),
        ("nothing", []),
    ]

    package static let transports: [FrameCase] = internetLayers.flatMap { internet in
        transportLayers.map { transport in
            FrameCase("\(internet.name), \(transport.name)", [.ethernet(), internet.layer] + transport.layers)
        }
    }

    package static let tags: [FrameCase] = linkLayers.flatMap { link in
        internetLayers.flatMap { internet in
            transportLayers.map { transport in
                FrameCase(
                    "\(link.name), \(internet.name), \(transport.name)",
                    link.layers + [internet.layer] + transport.layers)
            }
        }
    }

    package static let padded: [FrameCase] = [
        FrameCase("padding after IPv4 TCP", .ethernet(), .ipv4(), .tcp(from: 1, to: 2), .padding()),
        FrameCase("padding after IPv4 UDP", .ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(1), .padding()),
        FrameCase("padding after tagged IPv4 UDP", .ethernet(), .vlan(7), .ipv4(), .udp(from: 1, to: 2), .padding()),
        FrameCase("padding after IPv6 with no next header", .ethernet(), .ipv6(), .padding()),
        FrameCase("padding where a TCP header would be", .ethernet(), .ipv4(protocol: 6), .padding(to: 80)),
        FrameCase("padding where a UDP header would be", .ethernet(), .ipv6(nextHeader: 17), .padding(to: 80)),
        FrameCase(
            "padding where half an extension would be", .ethernet(), .ipv6(nextHeader: 60), .payload(4),
            .padding(to: 90)),
        FrameCase("padding after ARP", .ethernet(), .arp(from: "10.0.0.1", to: "10.0.0.2"), .padding()),
        FrameCase(
            "a trailer of 1000 bytes", .ethernet(), .ipv4(), .udp(from: 3, to: 4), .payload(9), .padding(to: 1051)),
    ]
}
