// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What must become of a frame: the reference that the programs are tested against.
package struct Expected: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case ip
        case notIP
        /// Its headers contradict each other.
        case malformed
        /// It ends before its headers or its IP length do.
        case truncated
        /// It has more tags or extension headers than are read.
        case beyondLimits
    }

    package var kind: Kind
    /// nil unless the kind is `.ip`.
    package var flow: FlowIdentity?
    package var fragment = FragmentState.none
    /// IPv4: the protocol of the IP header, by which datagrams are told apart; IPv6: 0.
    package var fragmentProtocol: UInt8 = 0
    /// Wire packets, and their octets as `weir_totals` counts them for the kind.
    package var count: PacketCount
    package var tcpControlBits: UInt16 = 0
    /// Whether it is a first fragment that ends before its TCP flags.
    package var hidesTCPFlags = false
    package var dscp: UInt8 = 0
    /// IPv6: the hop limit.
    package var timeToLive: UInt8 = 0
    package var sourceMAC = MACAddress(0)
    package var destinationMAC = MACAddress(0)
}

/// Which part of a datagram a packet is.
package enum FragmentState: Hashable, Sendable {
    /// The whole of it, or an atomic fragment (RFC 6946).
    case none
    case first(id: UInt32)
    /// Carries no transport header.
    case later(id: UInt32)
}

/// A flow key without the port and the direction, which no frame tells.
package struct FlowIdentity: Hashable, Sendable {
    package var vlanID: UInt16 = 0
    package var innerVLANID: UInt16 = 0
    package var transport: UInt8
    package var source: IPAddress
    package var destination: IPAddress
    package var sourcePort: UInt16 = 0
    package var destinationPort: UInt16 = 0
    package var isFragmentWithoutFlow = false

    package init(
        vlanID: UInt16 = 0, innerVLANID: UInt16 = 0, transport: UInt8, source: IPAddress, destination: IPAddress,
        sourcePort: UInt16 = 0, destinationPort: UInt16 = 0, isFragmentWithoutFlow: Bool = false
    ) {
        self.vlanID = vlanID
        self.innerVLANID = innerVLANID
        self.transport = transport
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.isFragmentWithoutFlow = isFragmentWithoutFlow
    }

    package init(_ key: FlowKey) {
        self.init(
            vlanID: key.vlanID, innerVLANID: key.innerVLANID, transport: key.transport, source: key.source,
            destination: key.destination, sourcePort: key.sourcePort, destinationPort: key.destinationPort,
            isFragmentWithoutFlow: key.isFragmentWithoutFlow)
    }

    package var version: IPVersion { source.version }

    package func key(port: PortNumber, direction: Direction) -> FlowKey {
        FlowKey(
            port: port, direction: direction, vlanID: vlanID, innerVLANID: innerVLANID, transport: transport,
            source: source, destination: destination, sourcePort: sourcePort, destinationPort: destinationPort,
            isFragmentWithoutFlow: isFragmentWithoutFlow)
    }
}
