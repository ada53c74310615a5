// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

extension FrameTable {
    package static let options: [FrameCase] = [4, 8, 20, 36, 40].flatMap { (length: Int) in
        transportLayers.map { transport in
            FrameCase(
                "IPv4, \(length) bytes of options, \(transport.name)",
                [.ethernet(), .ipv4(tos: 0xb8, options: length)] + transport.layers)
        }
    }

    static let extensionLayers: [(name: String, layer: Layer)] = [
        ("hop-by-hop", .hopByHop()),
        ("hop-by-hop 64", .hopByHop(length: 64)),
        ("routing", .routing()),
        ("routing 40", .routing(length: 40)),
        ("destination options", .destinationOptions()),
        ("destination options 2048", .destinationOptions(length: 2048)),
        ("atomic fragment", .fragment(id: 77)),
        ("AH 12", .authentication(length: 12)),
        ("AH 24", .authentication(length: 24)),
        ("AH 44", .authentication(length: 44)),
    ]

    package static let extensions: [FrameCase] =
        extensionLayers.flatMap { header in
            transportLayers.map { transport in
                FrameCase(
                    "IPv6, \(header.name), \(transport.name)",
                    [.ethernet(), .ipv6(trafficClass: 0x2e << 2 | 1), header.layer] + transport.layers)
            }
        } + pairsOfExtensions + chainsOfExtensions + brokenExtensions + [
            FrameCase("IPv4, AH, TCP", .ethernet(), .ipv4(), .authentication(), .tcp(from: 1, to: 2)),
            FrameCase(
                "IPv4, options, AH, AH, UDP", .ethernet(), .vlan(6), .ipv4(options: 8), .authentication(length: 12),
                .authentication(length: 44), .udp(from: 5, to: 6), .payload(9)),
            FrameCase(
                "IPv4, AH longer than the packet", .ethernet(), .ipv4(), .authentication(lengthField: 255),
                .udp(from: 1, to: 2)),
            FrameCase(
                "IPv4, nine AH, TCP",
                [.ethernet(), .ipv4()]
                    + Array(repeating: .authentication(length: 12), count: 9) + [.tcp(from: 3, to: 4)]),
            FrameCase(
                "IPv4 that calls its content hop-by-hop", .ethernet(), .ipv4(), .hopByHop(), .udp(from: 1, to: 2)),
            FrameCase(
                "IPv6, every extension in RFC 8200's order", .ethernet(), .ipv6(), .hopByHop(), .destinationOptions(),
                .routing(length: 24), .fragment(id: 3), .authentication(), .destinationOptions(length: 16),
                .tcp(from: 5, to: 6)),
            FrameCase("IPv6, mobility", .ethernet(), .ipv6(), .payload(16, protocol: 135)),
            FrameCase("IPv6, no next header and bytes", .ethernet(), .ipv6(nextHeader: 59), .payload(8)),
            FrameCase("IPv6, hop-by-hop, no next header", .ethernet(), .ipv6(), .hopByHop()),
        ]

    private static let pairsOfExtensions: [FrameCase] = extensionLayers.flatMap { outer in
        extensionLayers.map { inner in
            FrameCase(
                "IPv6, \(outer.name), \(inner.name), UDP", .ethernet(), .vlan(9), .ipv6(), outer.layer, inner.layer,
                .udp(from: 1000, to: 2000))
        }
    }

    private static let chainsOfExtensions: [FrameCase] = (3...10).flatMap { depth in
        [("hop-by-hop", Layer.hopByHop()), ("routing", .routing()), ("AH", .authentication(length: 12))].map { link in
            FrameCase(
                "IPv6, \(depth) × \(link.0), TCP",
                [.ethernet(), .ipv6()] + Array(repeating: link.1, count: depth) + [.tcp(from: 3, to: 4)])
        }
    }

    private static let brokenExtensions: [FrameCase] =
        [NextHeader.hopByHop, NextHeader.routing, NextHeader.destinationOptions, 44, 51].flatMap { (number: UInt8) in
            [0, 1, 7].map { (length: Int) in
                FrameCase(
                    "IPv6, extension \(number) of \(length) bytes", .ethernet(), .ipv6(nextHeader: number),
                    .payload(length))
            }
        } + [
            FrameCase(
                "IPv6, hop-by-hop longer than the packet", .ethernet(), .ipv6(), .hopByHop(lengthField: 200),
                .udp(from: 1, to: 2)),
            FrameCase(
                "IPv6, routing one unit too long", .ethernet(), .ipv6(), .routing(lengthField: 2),
                .udp(from: 1, to: 2)),
            FrameCase(
                "IPv6, destination options that swallow the UDP header", .ethernet(), .ipv6(),
                .destinationOptions(lengthField: 1), .udp(from: 1, to: 2)),
            FrameCase(
                "IPv6, AH longer than the packet", .ethernet(), .ipv6(), .authentication(lengthField: 255),
                .tcp(from: 1, to: 2)),
            FrameCase(
                "IPv6, AH of eight bytes", .ethernet(), .ipv6(), .authentication(length: 8), .udp(from: 1, to: 2)),
            FrameCase(
                "IPv6, padding where the extension's end would be", .ethernet(), .ipv6(),
                .hopByHop(lengthField: 2), .padding(to: 120)),
        ]
}
