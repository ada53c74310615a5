// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What megaflows compare of a packet, as far as a flow record knows it; as a mask, which bits of it.
///
/// Addresses and ports in host order, the first byte on the wire most significant.
package struct MegaflowKey: TernaryKey {
    /// The port's number in `PortNames`, upper half, and the recirculation id, lower half.
    var place: UInt64 = 0
    /// Ethernet address, upper 48 bits, and 16 bits of VLAN: 12 of the id.
    var sourceLink: UInt64 = 0
    /// Ethernet address, upper 48 bits, and 16 bits of the inner VLAN: 12 of the id.
    var destinationLink: UInt64 = 0
    var sourceHigh: UInt64 = 0
    var sourceLow: UInt64 = 0
    var destinationHigh: UInt64 = 0
    var destinationLow: UInt64 = 0
    /// From the upper end: 16 bits of source port, 16 of destination port, 8 of protocol, 8 of IP version, 8 that are 1 for a later
    /// fragment whose flow is not known, 8 of nothing.
    var transport: UInt64 = 0

    package init() {}

    @inline(__always)
    package func masked(by mask: MegaflowKey) -> MegaflowKey {
        var key = self
        key.place &= mask.place
        key.sourceLink &= mask.sourceLink
        key.destinationLink &= mask.destinationLink
        key.sourceHigh &= mask.sourceHigh
        key.sourceLow &= mask.sourceLow
        key.destinationHigh &= mask.destinationHigh
        key.destinationLow &= mask.destinationLow
        key.transport &= mask.transport
        return key
    }

    @inline(__always)
    package func hash(seed: UInt64) -> UInt64 {
        var hash = WordHash(seed: seed)
        hash.add(place)
        hash.add(sourceLink)
        hash.add(destinationLink)
        hash.add(sourceHigh)
        hash.add(sourceLow)
        hash.add(destinationHigh)
        hash.add(destinationLow)
        hash.add(transport)
        return hash.value
    }
}

extension MegaflowKey {
    /// All bits.
    static let all: MegaflowKey = {
        var mask = MegaflowKey()
        mask.place = .max
        mask.sourceLink = .max
        mask.destinationLink = .max
        mask.sourceHigh = .max
        mask.sourceLow = .max
        mask.destinationHigh = .max
        mask.destinationLow = .max
        mask.transport = .max
        return mask
    }()

    /// The bits of addresses and transport ports, which NAT changes.
    static let addressesAndPorts: MegaflowKey = {
        var mask = MegaflowKey()
        mask.sourceHigh = .max
        mask.sourceLow = .max
        mask.destinationHigh = .max
        mask.destinationLow = .max
        mask.transport = 0xFFFF_FFFF << 32
        return mask
    }()

    static let bothVLANs: MegaflowKey = {
        var mask = MegaflowKey()
        mask.sourceLink = 0xFFFF
        mask.destinationLink = 0xFFFF
        return mask
    }()

    /// The bits that are one in either.
    func union(_ other: MegaflowKey) -> MegaflowKey {
        var key = self
        key.place |= other.place
        key.sourceLink |= other.sourceLink
        key.destinationLink |= other.destinationLink
        key.sourceHigh |= other.sourceHigh
        key.sourceLow |= other.sourceLow
        key.destinationHigh |= other.destinationHigh
        key.destinationLow |= other.destinationLow
        key.transport |= other.transport
        return key
    }

    /// The bits that are not in the other.
    func subtracting(_ other: MegaflowKey) -> MegaflowKey {
        var key = self
        key.place &= ~other.place
        key.sourceLink &= ~other.sourceLink
        key.destinationLink &= ~other.destinationLink
        key.sourceHigh &= ~other.sourceHigh
        key.sourceLow &= ~other.sourceLow
        key.destinationHigh &= ~other.destinationHigh
        key.destinationLow &= ~other.destinationLow
        key.transport &= ~other.transport
        return key
    }
}

extension MegaflowKey {
    mutating func set(port: UInt32, recirculation: UInt32) { place = UInt64(port) << 32 | UInt64(recirculation) }

    mutating func setSource(_ address: MACAddress) { sourceLink = sourceLink & 0xFFFF | address.bits << 16 }
    mutating func setDestination(_ address: MACAddress) {
        destinationLink = destinationLink & 0xFFFF | address.bits << 16
    }

    /// 12 bits of each.
    mutating func setVLANs(_ outer: UInt16, _ inner: UInt16) {
        sourceLink = sourceLink & ~0xFFFF | UInt64(outer)
        destinationLink = destinationLink & ~0xFFFF | UInt64(inner)
    }

    mutating func setSource(_ address: IPAddress) { (sourceHigh, sourceLow) = (address.high, address.low) }
    mutating func setDestination(_ address: IPAddress) {
        (destinationHigh, destinationLow) = (address.high, address.low)
    }

    mutating func setSource(port: UInt16) { transport = transport & ~(0xFFFF << 48) | UInt64(port) << 48 }
    mutating func setDestination(port: UInt16) { transport = transport & ~(0xFFFF << 32) | UInt64(port) << 32 }
    mutating func setProtocol(_ number: UInt8) { transport = transport & ~(0xFF << 24) | UInt64(number) << 24 }
    mutating func setVersion(_ bits: UInt8) { transport = transport & ~(0xFF << 16) | UInt64(bits) << 16 }
    mutating func setFragmentWithoutFlow(_ bits: UInt8) { transport = transport & ~(0xFF << 8) | UInt64(bits) << 8 }

    /// The key of a record's packets as they come in at the port of that number. Addresses of Ethernet are those of its first packet.
    @inline(__always)
    package init(_ record: borrowing FlowRecord, port: UInt32) {
        let flow = record.key
        place = UInt64(port) << 32
        sourceLink = (record.sourceMAC?.bits ?? 0) << 16 | UInt64(flow.vlanID & 0xFFF)
        destinationLink = (record.destinationMAC?.bits ?? 0) << 16 | UInt64(flow.innerVLANID & 0xFFF)
        setSource(flow.source)
        setDestination(flow.destination)
        transport =
            UInt64(flow.sourcePort) << 48 | UInt64(flow.destinationPort) << 32 | UInt64(flow.transport) << 24
            | UInt64(flow.version.rawValue) << 16 | (flow.isFragmentWithoutFlow ? 1 << 8 : 0)
    }
}
