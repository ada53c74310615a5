// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What rules of filters can ask of a packet.
package struct TapPacket: Equatable, Sendable {
    /// Of IP packets.
    package struct Flow: Equatable, Sendable {
        package var transport: UInt8
        package var source: IPAddress
        package var destination: IPAddress
        /// Of ICMP the type and the code; nil where the protocol has none, or the packet is a later fragment whose first was not seen.
        package var ports: (source: UInt16, destination: UInt16)?
        /// Byte 13 of TCP's header; nil where there is none.
        package var flags: UInt8?
        /// Whether the port's policy refuses it, or would.
        package var isRefused = false

        package init(
            transport: UInt8, source: IPAddress, destination: IPAddress,
            ports: (source: UInt16, destination: UInt16)? = nil, flags: UInt8? = nil, isRefused: Bool = false
        ) {
            self.transport = transport
            self.source = source
            self.destination = destination
            self.ports = ports
            self.flags = flags
            self.isRefused = isRefused
        }

        package static func == (left: Self, right: Self) -> Bool {
            left.transport == right.transport && left.source == right.source && left.destination == right.destination
                && left.ports?.source == right.ports?.source && left.ports?.destination == right.ports?.destination
                && left.flags == right.flags && left.isRefused == right.isRefused
        }
    }

    package var direction: Direction
    /// Of the outermost tag; 0: no tag.
    package var vlan: UInt16
    /// nil: not IP, or not readable.
    package var flow: Flow?

    package init(_ direction: Direction, vlan: UInt16 = 0, _ flow: Flow? = nil) {
        self.direction = direction
        self.vlan = vlan
        self.flow = flow
    }
}
