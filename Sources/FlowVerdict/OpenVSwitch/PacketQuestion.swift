// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Packets of a record as `ofproto/trace` is asked about them.
package enum PacketQuestion {
    /// A packet of the record that comes in at its port, in the switch's own syntax; nil for what cannot be asked so.
    package static func flow(of record: borrowing FlowRecord) -> String? {
        guard let source = record.sourceMAC, let destination = record.destinationMAC,
            !record.key.isFragmentWithoutFlow, destination.bits >> 40 & 1 == 0
        else { return nil }
        let link = "in_port(\(record.port.name)),eth(src=\(source),dst=\(destination))"
        // A connection begins with SYN alone; of what came later, the flags that were seen stand for each.
        let flags = ConntrackGuess(record).isOpened ? 2 : record.tcpControlBits
        let internet = internet(of: record.key, tcpFlags: flags)
        switch (record.key.vlanID, record.key.innerVLANID) {
        case (0, 0): return "\(link),\(internet)"
        case (let id, 0): return "\(link),eth_type(0x8100),vlan(vid=\(id),pcp=0),encap(\(internet))"
        // Which of two kinds the outer tag is is not known.
        default: return nil
        }
    }

    /// Whether conntrack must find such a packet new.
    package static func beginsConnection(_ record: borrowing FlowRecord) -> Bool { ConntrackGuess(record).isOpened }

    private static func internet(of key: FlowKey, tcpFlags: UInt16) -> String {
        let ends = "src=\(key.source),dst=\(key.destination),proto=\(key.transport)"
        let transport = transport(of: key, tcpFlags: tcpFlags)
        return switch key.version {
        case .v4: "eth_type(0x0800),ipv4(\(ends),tos=0,ttl=64,frag=no)\(transport)"
        case .v6: "eth_type(0x86dd),ipv6(\(ends),label=0,tclass=0,hlimit=64,frag=no)\(transport)"
        }
    }

    private static func transport(of key: FlowKey, tcpFlags: UInt16) -> String {
        let (source, destination) = (key.sourcePort, key.destinationPort)
        return switch key.transport {
        case TransportNumber.tcp:
            ",tcp(src=\(source),dst=\(destination)),tcp_flags(0x\(String(tcpFlags & 0xFFF, radix: 16)))"
        case TransportNumber.udp: ",udp(src=\(source),dst=\(destination))"
        case TransportNumber.sctp: ",sctp(src=\(source),dst=\(destination))"
        case TransportNumber.icmp: ",icmp(type=\(source),code=\(destination))"
        case TransportNumber.icmpv6: ",icmpv6(type=\(source),code=\(destination))"
        default: ""
        }
    }
}
