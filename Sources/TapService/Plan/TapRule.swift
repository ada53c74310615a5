// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// One numbered rule of a filter. What it does not name may be anything; a rule that names nothing matches every frame, ARP and what cannot be
/// read included. A rule that names a protocol, a prefix, ports, flags or a verdict matches IP packets only.
package struct TapRule: Equatable, Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case accept
        case reject
    }

    package var number: UInt16
    package var action: Action
    /// IANA's number, of the transport behind IPv6's extension headers.
    package var transport: UInt8?
    /// If both are there, they are of one IP version.
    package var source: AddressPrefix?
    package var destination: AddressPrefix?
    /// Of TCP, UDP, SCTP, DCCP, UDP-Lite; with ICMP the type and the code. Later fragments whose first was not seen match no rule with ports.
    package var sourcePorts: ClosedRange<UInt16>?
    package var destinationPorts: ClosedRange<UInt16>?
    /// Of the outermost tag; 0: no tag.
    package var vlans: ClosedRange<UInt16>?
    /// TCP control bits, as byte 13 of the header has them: of those in `mask` exactly those in `flags` are set. Only TCP has them.
    package var flags: TapFlags?
    /// `reject` takes what the port's policy refuses or would refuse, `accept` all other packets of flows.
    package var verdict: Action?

    package init(_ number: UInt16, _ action: Action) {
        self.number = number
        self.action = action
    }
}

package struct TapFlags: Hashable, Sendable {
    package var flags: UInt8
    package var mask: UInt8

    package init(_ flags: UInt8, of mask: UInt8) {
        self.flags = flags
        self.mask = mask
    }
}
