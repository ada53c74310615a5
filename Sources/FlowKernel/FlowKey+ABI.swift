// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowModel

// From the kernel's layout (weir_abi.h) to values, and back where tests and tools need it.

extension FlowKey {
    init(_ key: weir_flow_key) {
        let version = IPVersion(rawValue: key.ip_version) ?? .v4
        self.init(
            port: PortNumber(key.port), direction: Direction(rawValue: key.direction) ?? .ingress,
            vlanID: key.vlan_id, innerVLANID: key.inner_vlan_id, transport: key.`protocol`,
            source: IPAddress(wire: unsafe unsafeBitCast(key.src_addr, to: WireAddress.self), version: version),
            destination: IPAddress(wire: unsafe unsafeBitCast(key.dst_addr, to: WireAddress.self), version: version),
            sourcePort: UInt16(bigEndian: key.src_port), destinationPort: UInt16(bigEndian: key.dst_port),
            isFragmentWithoutFlow: key.flags & UInt8(WEIR_KEY_FRAGMENT_WITHOUT_FLOW) != 0)
    }
}

/// 16 bytes of an address as two words, in wire order.
private typealias WireAddress = (UInt64, UInt64)

extension IPAddress {
    fileprivate init(wire: WireAddress, version: IPVersion) {
        switch version {
        case .v4: self.init(v4: UInt32(truncatingIfNeeded: UInt64(bigEndian: wire.0) >> 32))
        case .v6: self.init(v6High: UInt64(bigEndian: wire.0), low: UInt64(bigEndian: wire.1))
        }
    }
}

extension FlowCounters {
    init(_ slot: weir_slot) {
        self.init(
            count: PacketCount(packets: slot.packets, octets: slot.octets),
            first: MonotonicTime(nanoseconds: slot.first_ns), last: MonotonicTime(nanoseconds: slot.last_ns),
            tcpControlBits: slot.tcp_control_bits, tcpFlags: slot.tcp_flags, dscp: slot.dscp,
            sourceMAC: MACAddress(slot.src_mac), destinationMAC: MACAddress(slot.dst_mac))
    }
}

extension MACAddress {
    fileprivate init(_ bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)) {
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
        ip = PacketCount(totals.ip)
        overflow = PacketCount(totals.overflow)
        notIP = PacketCount(totals.not_ip)
        malformed = PacketCount(totals.malformed)
        truncated = PacketCount(totals.truncated)
        fragmentWithoutFlow = PacketCount(totals.fragment_without_flow)
    }
}

extension weir_totals {
    init(_ totals: PortTotals) {
        self.init(
            seen: weir_count(totals.seen), ip: weir_count(totals.ip), overflow: weir_count(totals.overflow),
            not_ip: weir_count(totals.notIP), malformed: weir_count(totals.malformed),
            truncated: weir_count(totals.truncated), fragment_without_flow: weir_count(totals.fragmentWithoutFlow))
    }
}
