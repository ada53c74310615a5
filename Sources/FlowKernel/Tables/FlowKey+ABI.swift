// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowModel

// From the kernel's layout (weir_abi.h) to values, and back where tests and tools need it.

extension FlowKey {
    /// - Parameter slot: what the policy said of the flow.
    init(_ key: weir_flow_key, _ slot: weir_slot) {
        let isIPv6 = key.kind & UInt8(WEIR_KEY_IPV6) != 0
        let ports = TransportPorts(source: key.src_port, destination: key.dst_port, transport: key.`protocol`)
        self.init(
            port: PortNumber(key.port), direction: key.kind & UInt8(WEIR_KEY_EGRESS) == 0 ? .ingress : .egress,
            vlanID: key.vlan_id, innerVLANID: key.inner_vlan_id & UInt16(WEIR_KEY_VLAN_ID), transport: key.`protocol`,
            source: IPAddress(wire: unsafe unsafeBitCast(key.src_addr, to: WireAddress.self), isIPv6: isIPv6),
            destination: IPAddress(wire: unsafe unsafeBitCast(key.dst_addr, to: WireAddress.self), isIPv6: isIPv6),
            sourcePort: ports.source, destinationPort: ports.destination,
            isFragmentWithoutFlow: key.kind & UInt8(WEIR_KEY_FRAGMENT_WITHOUT_FLOW) != 0, rule: slot.rule,
            ruling: Ruling(rawValue: slot.ruling) ?? .none)
    }
}

/// Ports of a key in host order; ICMP: type and code, without what the kernel notes beside the code.
struct TransportPorts {
    let source: UInt16
    let destination: UInt16

    /// - Parameters: in wire order.
    @inline(__always)
    init(source: UInt16, destination: UInt16, transport: UInt8) {
        self.source = source.byteSwapped
        let isICMP = transport == TransportNumber.icmp || transport == TransportNumber.icmpv6
        self.destination = isICMP ? destination.byteSwapped & ~UInt16(WEIR_KEY_RELATED) : destination.byteSwapped
    }
}

/// `WEIR_TCP_BITS`, and the two things that a record says of them.
struct TCPBits {
    private let bits: UInt16

    init(_ bits: UInt16) { self.bits = bits }

    /// OR of the flags of all segments.
    var control: UInt16 { bits & 0x0FFF }

    /// Whether the first fragment of a segment ended before its flags.
    var areHidden: Bool { bits & UInt16(WEIR_TCP_HIDDEN) != 0 }

    /// The same as AWS counts them: ACK only from a segment that also carries SYN.
    var awsFlags: UInt8 {
        let withoutAck = UInt8(truncatingIfNeeded: bits) & 0x2F
        return bits & UInt16(WEIR_TCP_SYN_ACK) == 0 ? withoutAck : withoutAck | 0x10
    }
}

extension MACAddress {
    init(_ bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)) {
        let high = UInt64(bytes.0) << 40 | UInt64(bytes.1) << 32 | UInt64(bytes.2) << 24
        self.init(high | UInt64(bytes.3) << 16 | UInt64(bytes.4) << 8 | UInt64(bytes.5))
    }
}

extension PacketCount {
    init(_ count: weir_count) { self.init(packets: count.packets, octets: count.octets) }
}

extension weir_count {
    init(_ count: PacketCount) { self.init(packets: count.packets, octets: count.octets) }
}

extension PortTotals {
    init(_ totals: weir_totals) {
        self.init()
        seen = PacketCount(totals.seen)
        overflow = PacketCount(totals.overflow)
        notIP = PacketCount(totals.not_ip)
        malformed = PacketCount(totals.malformed)
        truncated = PacketCount(totals.truncated)
        fragmentWithoutFlow = PacketCount(totals.fragment_without_flow)
        beyondLimits = PacketCount(totals.beyond_limits)
        audited = UnparsedCounts(totals.audited)
        refused = UnparsedCounts(totals.refused)
        // Programs do not count it, since it is what is left.
        ip = seen - notIP - malformed
    }
}

extension weir_totals {
    init(_ totals: PortTotals) {
        self.init()
        seen = weir_count(totals.seen)
        overflow = weir_count(totals.overflow)
        not_ip = weir_count(totals.notIP)
        malformed = weir_count(totals.malformed)
        truncated = weir_count(totals.truncated)
        fragment_without_flow = weir_count(totals.fragmentWithoutFlow)
        beyond_limits = weir_count(totals.beyondLimits)
        audited = totals.audited.abi
        refused = totals.refused.abi
    }
}

extension UnparsedCounts {
    /// By `enum weir_unparsed`.
    typealias ABI = (weir_count, weir_count, weir_count, weir_count)

    init(_ counts: ABI) {
        self.init(
            notIP: PacketCount(counts.0), malformed: PacketCount(counts.1), truncated: PacketCount(counts.2),
            beyondLimits: PacketCount(counts.3))
    }

    fileprivate var abi: ABI {
        (weir_count(notIP), weir_count(malformed), weir_count(truncated), weir_count(beyondLimits))
    }
}
