// SPDX-License-Identifier: Apache-2.0

package import FlowModel
package import FlowTestKit

/// A frame whose source address and port are rewritten, and where they lie in it.
package struct FrameForm: Sendable {
    package let name: String
    package let bytes: [UInt8]
    let place: Place

    /// What the replaying program is told: `struct replay_frame` of bpf/bench/replay.bpf.c.
    struct Place: BitwiseCopyable, Equatable {
        /// IPv4: both addresses; IPv6: the low half of the source. Offset from the start of the frame.
        var addresses: UInt16
        /// Both ports.
        var ports: UInt16
        var isIPv6: UInt16
        /// Whether each flow has destination, ports and length of its own; IPv4 alone.
        var isScattered: UInt16
    }

    /// Ethernet's header and the longest packet that bpf/bench/replay.bpf.c makes.
    private static let longestScattered = 14 + 1083

    /// A frame of these layers, padded to the shortest that Ethernet has, or to the longest that a flow gets.
    ///
    /// - Parameters:
    ///   - internet: which of the layers is the IP header; the transport, TCP or UDP, is the last.
    ///   - isScattered: whether each flow gets a destination, ports and a length of its own; IPv4 alone. Then
    ///     `source(of:)` does not hold.
    package init(
        _ name: String, internet: Int, version: IPVersion, _ layers: [Layer], isScattered: Bool = false
    ) {
        let frame = Frame(layers + [isScattered ? .padding(to: Self.longestScattered) : .padding()])
        let source = version == .v4 ? 12 : 16
        self.name = name
        bytes = frame.bytes
        place = Place(
            addresses: UInt16(frame.offsets[internet] + source), ports: UInt16(frame.offsets[layers.count - 1]),
            isIPv6: version == .v6 ? 1 : 0, isScattered: isScattered ? 1 : 0)
    }
}

extension FrameForm {
    package static let ipv4 = FrameForm("IPv4", internet: 1, version: .v4, [.ethernet(), .ipv4(), tcp])
    package static let ipv6 = FrameForm("IPv6", internet: 1, version: .v6, [.ethernet(), v6, tcp])

    /// The headers that Weir parses and that more than a laboratory's frames have.
    package static let all = [
        ipv4,
        FrameForm("IPv4 UDP", internet: 1, version: .v4, [.ethernet(), .ipv4(), .udp(from: 1, to: 443)]),
        FrameForm("IPv4 with options", internet: 1, version: .v4, [.ethernet(), .ipv4(options: 8), tcp]),
        FrameForm("VLAN, IPv4", internet: 2, version: .v4, [.ethernet(), .vlan(100), .ipv4(), tcp]),
        FrameForm(
            "QinQ, IPv4", internet: 3, version: .v4, [.ethernet(), .serviceVLAN(200), .vlan(100), .ipv4(), tcp]),
        ipv6,
        FrameForm("VLAN, IPv6", internet: 2, version: .v6, [.ethernet(), .vlan(100), v6, tcp]),
        FrameForm("IPv6 with options", internet: 1, version: .v6, [.ethernet(), v6, .destinationOptions(), tcp]),
    ]

    /// Whether a parser of plain Ethernet, IP and TCP or UDP understands it: the reference counts no other.
    package var isPlain: Bool { ["IPv4", "IPv4 UDP", "IPv6"].contains(name) }

    /// IPv4, and as different from flow to flow as the lines of a log.
    package static let scattered = FrameForm(
        "IPv4, scattered", internet: 1, version: .v4, [.ethernet(), .ipv4(), tcp], isScattered: true)

    private static var tcp: Layer { .tcp(from: 1, to: 443) }
    /// The low half of the source is rewritten whole.
    private static var v6: Layer { .ipv6(from: "2001:db8::", to: "2001:db8:ffff::1") }
}

extension FrameForm {
    /// The source of a flow's packets, as bpf/bench/replay.bpf.c makes it: 64 flows share an address.
    package func source(of flow: UInt32) -> (address: IPAddress, port: UInt16) {
        let number = flow >> 6
        let port = UInt16(0x8000 | flow & 63)
        return place.isIPv6 == 1
            ? (IPAddress(v6High: 0x2001_0db8_0000_0000, low: UInt64(number)), port)
            : (IPAddress(v4: 0x0a00_0000 + number), port)
    }
}
