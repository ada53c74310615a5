// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

extension FrameTable {
    package static let fragments: [FrameCase] =
        ipv4Fragments + ipv6Fragments + orphanedFragments + shortFirstFragments + nestedFragments

    /// One datagram of each transport in three parts, the last not a multiple of eight bytes.
    private static let ipv4Fragments: [FrameCase] = transportLayers.enumerated().flatMap { index, transport in
        let id = UInt16(100 + index)
        let number = Frame([.ethernet(), .ipv4()] + transport.layers).bytes[23]
        return [
            FrameCase(
                "IPv4 first fragment, \(transport.name)",
                [.ethernet(), .ipv4(id: id, moreFragments: true)] + transport.layers),
            FrameCase(
                "IPv4 middle fragment, \(transport.name)", .ethernet(),
                .ipv4(id: id, fragmentOffset: 80, moreFragments: true, protocol: number), .payload(80)),
            FrameCase(
                "IPv4 last fragment, \(transport.name)", .ethernet(),
                .ipv4(id: id, options: 4, fragmentOffset: 160, protocol: number), .payload(13)),
        ]
    }

    private static let ipv6Fragments: [FrameCase] = transportLayers.enumerated().flatMap { index, transport in
        let id = UInt32(0x1_0000 + index)
        let number = Frame([.ethernet(), .ipv6()] + transport.layers).bytes[20]
        return [
            FrameCase(
                "IPv6 first fragment, \(transport.name)",
                [.ethernet(), .ipv6(), .fragment(more: true, id: id)] + transport.layers),
            FrameCase(
                "IPv6 middle fragment, \(transport.name)", .ethernet(), .ipv6(),
                .fragment(offset: 80, more: true, id: id, next: number), .payload(80)),
            FrameCase(
                "IPv6 last fragment, \(transport.name)", .ethernet(), .ipv6(), .hopByHop(),
                .fragment(offset: 65528, id: id, next: number), .payload(7)),
        ]
    }

    /// Later fragments that no first fragment in the table belongs to, each but for one field.
    private static let orphanedFragments: [FrameCase] = [
        FrameCase(
            "IPv4 first fragment of datagram 900", .ethernet(), .ipv4(id: 900, moreFragments: true),
            .udp(from: 900, to: 901), .payload(24)),
        FrameCase(
            "IPv4 first fragment whose AH hides UDP", .ethernet(), .ipv4(id: 905, moreFragments: true),
            .authentication(),
            .udp(from: 905, to: 906), .payload(24)),
        FrameCase(
            "IPv4 later fragment behind an AH", .ethernet(), .ipv4(id: 905, fragmentOffset: 56, protocol: 51),
            .payload(16)),
        FrameCase("IPv4 orphan by id", .ethernet(), .ipv4(id: 901, fragmentOffset: 8, protocol: 17), .payload(8)),
        FrameCase("IPv4 orphan by protocol", .ethernet(), .ipv4(id: 900, fragmentOffset: 8, protocol: 6), .payload(8)),
        FrameCase(
            "IPv4 orphan by source", .ethernet(), .ipv4(from: "10.0.0.9", id: 900, fragmentOffset: 8, protocol: 17),
            .payload(8)),
        FrameCase(
            "IPv4 orphan by VLAN", .ethernet(), .vlan(5), .ipv4(id: 900, fragmentOffset: 8, protocol: 17), .payload(8)),
        FrameCase(
            "IPv4 last fragment of datagram 900", .ethernet(), .ipv4(id: 900, fragmentOffset: 32, protocol: 17),
            .payload(8)),
        FrameCase(
            "IPv6 first fragment whose extensions hide UDP", .ethernet(), .ipv6(), .fragment(more: true, id: 902),
            .destinationOptions(), .udp(from: 902, to: 903), .payload(16)),
        FrameCase(
            "IPv6 later fragment that says destination options", .ethernet(), .ipv6(),
            .fragment(offset: 32, id: 902, next: 60), .payload(16)),
        FrameCase(
            "IPv6 orphan that says destination options", .ethernet(), .ipv6(),
            .fragment(offset: 32, id: 903, next: 60), .payload(16)),
        FrameCase(
            "IPv6 orphan without data", .ethernet(), .ipv6(), .fragment(offset: 32, id: 904, next: 6)),
    ]

    /// First fragments that end inside the transport's header.
    private static let shortFirstFragments: [FrameCase] =
        [TransportNumber.tcp, TransportNumber.udp, TransportNumber.sctp, TransportNumber.dccp, 1, 58, 136].flatMap {
            (number: UInt8) in
            [0, 3, 4, 7, 8, 13, 14, 16, 24].flatMap { (length: Int) in
                [
                    FrameCase(
                        "IPv4 first fragment with \(length) bytes of protocol \(number)", .ethernet(),
                        .ipv4(id: 2000, moreFragments: true, protocol: number), .payload(length)),
                    FrameCase(
                        "IPv6 first fragment with \(length) bytes of protocol \(number)", .ethernet(), .ipv6(),
                        .fragment(more: true, id: 2000, next: number), .payload(length)),
                    FrameCase(
                        "IPv6 atomic fragment with \(length) bytes of protocol \(number)", .ethernet(), .ipv6(),
                        .fragment(id: 2001, next: number), .payload(length)),
                ]
            }
        }

    private static let nestedFragments: [FrameCase] = [
        FrameCase(
            "IPv6 first fragment of a first fragment", .ethernet(), .ipv6(), .fragment(more: true, id: 3000),
            .fragment(more: true, id: 3001), .udp(from: 3000, to: 3001), .payload(8)),
        FrameCase(
            "IPv6 later fragment of the outer datagram", .ethernet(), .ipv6(),
            .fragment(offset: 24, id: 3000, next: 44), .payload(8)),
        FrameCase(
            "IPv6 atomic fragment around a first fragment", .ethernet(), .ipv6(), .fragment(id: 3002),
            .fragment(more: true, id: 3003), .udp(from: 3002, to: 3003), .payload(8)),
        FrameCase(
            "IPv6 later fragment of the inner datagram", .ethernet(), .ipv6(),
            .fragment(offset: 16, id: 3003, next: 17), .payload(8)),
        FrameCase(
            "IPv6 later fragment inside a first fragment", .ethernet(), .ipv6(), .fragment(more: true, id: 3004),
            .fragment(offset: 64, id: 3005, next: 17), .payload(8)),
    ]
}
