// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

extension FrameTable {
    package static let wrongLengths: [FrameCase] = ipv4Faults + ipv6Faults + tcpFaults + udpFaults + shortTransports

    private static let ipv4Faults: [FrameCase] =
        (0...4).map { (ihl: Int) in
            FrameCase("IPv4, IHL \(ihl)", .ethernet(), .ipv4(ihl: ihl), .udp(from: 1, to: 2), .payload(40))
        } + [
            FrameCase("IPv4, IHL 15 in a packet of 40", .ethernet(), .ipv4(ihl: 15), .tcp(from: 1, to: 2)),
            FrameCase("IPv4, IHL 7 takes TCP's ports", .ethernet(), .ipv4(ihl: 7), .tcp(from: 1, to: 2)),
            FrameCase(
                "IPv4, IHL beyond both packet and frame", .ethernet(), .ipv4(ihl: 15, totalLength: 30), .payload(10)),
        ]
        + [0, 1, 19, 20, 27, 28, 47, 48, 49, 1500, 65535].map { (length: Int) in
            FrameCase(
                "IPv4, total length \(length) in 48 bytes", .ethernet(), .ipv4(totalLength: length),
                .udp(from: 1, to: 2), .payload(20))
        }
        + [0, 23, 24, 31, 32, 52, 53].map { (length: Int) in
            FrameCase(
                "IPv4, options, total length \(length) in 52 bytes", .ethernet(),
                .ipv4(options: 4, totalLength: length), .udp(from: 1, to: 2), .payload(20))
        }
        + [UInt8(0), 3, 5, 6, 15].map { (version: UInt8) in
            FrameCase("IPv4, version \(version)", .ethernet(), .ipv4(version: version), .udp(from: 1, to: 2))
        }

    private static let ipv6Faults: [FrameCase] =
        [0, 7, 8, 27, 28, 29, 65535].map { (length: Int) in
            FrameCase(
                "IPv6, payload length \(length) in 28 bytes", .ethernet(), .ipv6(payloadLength: length),
                .udp(from: 1, to: 2), .payload(20))
        }
        + [0, 1, 40].map { (length: Int) in
            FrameCase(
                "IPv6, payload length \(length), hop-by-hop", .ethernet(), .ipv6(payloadLength: length), .hopByHop(),
                .udp(from: 1, to: 2))
        }
        + [UInt8(0), 4, 5, 7, 15].map { (version: UInt8) in
            FrameCase("IPv6, version \(version)", .ethernet(), .ipv6(version: version), .udp(from: 1, to: 2))
        }

    private static let tcpFaults: [FrameCase] = internetLayers.flatMap { internet in
        ([0, 1, 2, 3, 4, 6, 10, 11, 15]).map { (offset: Int) in
            FrameCase(
                "\(internet.name), TCP data offset \(offset) in 40 bytes", .ethernet(), internet.layer,
                .tcp(from: 1, to: 2, dataOffset: offset), .payload(20))
        }
    }

    private static let udpFaults: [FrameCase] = internetLayers.flatMap { internet in
        [0, 1, 7, 8, 9, 27, 28, 29, 65535].flatMap { (length: Int) in
            [
                FrameCase(
                    "\(internet.name), UDP length \(length) in 28 bytes", .ethernet(), internet.layer,
                    .udp(from: 1, to: 2, length: length), .payload(20)),
                FrameCase(
                    "\(internet.name), UDP-Lite coverage \(length) in 28 bytes", .ethernet(), internet.layer,
                    .udpLite(from: 1, to: 2, coverage: length), .payload(20)),
            ]
        }
    }

    private static let shortTransports: [FrameCase] = internetLayers.flatMap { internet in
        let numbers: [UInt8] = [6, 17, 136, 132, 33, 1, 58]
        return numbers.flatMap { (number: UInt8) in
            [0, 1, 3, 4, 7, 8, 11, 12, 19, 20].map { (length: Int) in
                FrameCase(
                    "\(internet.name), \(length) bytes of protocol \(number)", .ethernet(), internet.layer,
                    .payload(Array(repeating: 0x55, count: length), protocol: number), .padding(to: 90))
            }
        }
    }

    /// Whole frames cut at every byte: each boundary of each header once.
    package static let cutFrames: [FrameCase] = [
        FrameCase(
            "three tags, IPv4, TCP", .ethernet(), .serviceVLAN(2), .vlan(3), .vlan(4), .ipv4(options: 4),
            .tcp(from: 1, to: 2, options: 4)),
        FrameCase("tag, IPv6, UDP", .ethernet(), .vlan(3), .ipv6(), .hopByHop(), .udp(from: 1, to: 2)),
        FrameCase("four tags", .ethernet(), .vlan(1), .vlan(2), .vlan(3), .vlan(4)),
        FrameCase("ARP", .ethernet(), .arp(from: "10.0.0.1", to: "10.0.0.2")),
    ].flatMap { whole in
        (0..<whole.bytes.count).map { (length: Int) in
            FrameCase("\(whole.name), cut to \(length) bytes", Array(whole.bytes.prefix(length)))
        }
    }

    package static let notIP: [FrameCase] = [
        FrameCase("ARP", .ethernet(to: "ff:ff:ff:ff:ff:ff"), .arp(from: "10.0.0.1", to: "10.0.0.2")),
        FrameCase("ARP in a VLAN", .ethernet(), .vlan(100), .arp(from: "10.0.0.1", to: "10.0.0.2")),
        FrameCase("LLDP", .ethernet(to: "01:80:c2:00:00:0e", type: EtherType.lldp), .payload(40)),
        FrameCase("802.3 with LLC, a spanning tree's", .ethernet(type: 38), .payload([0x42, 0x42, 3]), .payload(35)),
        FrameCase(
            "802.3 with SNAP around IPv4", .ethernet(type: 36), .payload([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), .ipv4(),
            .udp(from: 1, to: 2)),
        FrameCase("MPLS around IPv4", .ethernet(type: EtherType.mpls), .payload([0, 0x10, 1, 64]), .ipv4()),
        FrameCase(
            "PPPoE around IPv4", .ethernet(type: EtherType.pppoeSession), .payload([0x11, 0, 0, 1, 0, 22, 0, 0x21]),
            .ipv4()),
        FrameCase("an old QinQ type", .ethernet(type: 0x9100), .vlan(5), .ipv4(), .udp(from: 1, to: 2)),
        FrameCase("EtherType 0", .ethernet(type: 0), .payload(46)),
        FrameCase("EtherType 0xffff", .ethernet(type: 0xffff), .payload(46)),
        FrameCase("a header alone", .ethernet(type: EtherType.experimental)),
        FrameCase("IPv4 called IPv6", .ethernet(type: EtherType.ipv6), .ipv4(), .udp(from: 1, to: 2), .payload(30)),
        FrameCase("IPv6 called IPv4", .ethernet(type: EtherType.ipv4), .ipv6(), .udp(from: 1, to: 2)),
    ]
}
