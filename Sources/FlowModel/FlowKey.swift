// SPDX-License-Identifier: Apache-2.0

/// The way of a packet as the machine behind the port sees it, as AWS has it.
package enum Direction: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case ingress = 0
    case egress = 1
}

/// What makes a flow: packets with equal keys belong together.
///
/// So are those of which a policy says the same: where it changes within a window, a flow of the network is several here.
///
/// The properties stand in this order so that small ones fill the gaps behind the addresses: 51 bytes in 56, of which a
/// window holds a million.
package struct FlowKey: Hashable, Sendable, BitwiseCopyable {
    package var source: IPAddress
    package var direction: Direction
    /// The outermost tag's id; 0 for untagged and priority-tagged frames.
    package var vlanID: UInt16
    /// The id of the tag below the outermost; 0 where there is none.
    package var innerVLANID: UInt16
    /// IANA protocol number of the transport.
    package var transport: UInt8
    /// A later fragment whose first was not seen: its ports are not known and stand as 0.
    package var isFragmentWithoutFlow: Bool
    package var destination: IPAddress
    /// Host order. ICMP and ICMPv6: the type.
    package var sourcePort: UInt16
    /// Host order. ICMP and ICMPv6: the code.
    package var destinationPort: UInt16
    package var port: PortNumber
    /// Number of the rule of the policy that decided; 0: none did.
    package var rule: UInt16
    /// What the policy said.
    package var ruling: Ruling

    package init(
        port: PortNumber, direction: Direction, vlanID: UInt16 = 0, innerVLANID: UInt16 = 0, transport: UInt8,
        source: IPAddress, destination: IPAddress, sourcePort: UInt16 = 0, destinationPort: UInt16 = 0,
        isFragmentWithoutFlow: Bool = false, rule: UInt16 = 0, ruling: Ruling = .none
    ) {
        self.port = port
        self.direction = direction
        self.vlanID = vlanID
        self.innerVLANID = innerVLANID
        self.transport = transport
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.isFragmentWithoutFlow = isFragmentWithoutFlow
        self.rule = rule
        self.ruling = ruling
    }

    package var version: IPVersion { source.version }

    package var isICMP: Bool { transport == TransportNumber.icmp || transport == TransportNumber.icmpv6 }
}

/// IANA protocol numbers that Weir treats in a way of their own.
package enum TransportNumber {
    package static let icmp: UInt8 = 1
    package static let tcp: UInt8 = 6
    package static let udp: UInt8 = 17
    package static let dccp: UInt8 = 33
    package static let icmpv6: UInt8 = 58
    package static let sctp: UInt8 = 132
    package static let udpLite: UInt8 = 136
}
