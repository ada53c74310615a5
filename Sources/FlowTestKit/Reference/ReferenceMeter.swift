// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Counts frames of one port and direction as the programs must, with a table that never overflows.
package struct ReferenceMeter: Sendable {
    /// What must be counted of one flow. All but the first three describe the flow's first packet.
    package struct Tally: Equatable, Sendable {
        package var count = PacketCount.zero
        package var tcpControlBits: UInt16 = 0
        package var tcpFlags: UInt8 = 0
        package var hidesTCPFlags = false
        package let dscp: UInt8
        package let timeToLive: UInt8
        package let sourceMAC: MACAddress
        package let destinationMAC: MACAddress
    }

    package private(set) var flows: [FlowIdentity: Tally] = [:]
    package private(set) var totals = PortTotals()
    private var firstFragments: [Datagram: FlowIdentity] = [:]

    package init() {}

    /// Counts the frame and says how, a later fragment with the flow of its first.
    @discardableResult
    package mutating func see(
        _ frame: [UInt8], gsoSize: Int = 0, segments: Int = 0, vlanTag: UInt16? = nil
    ) -> Expected {
        var expected = ReferenceParser.classify(frame, gsoSize: gsoSize, segments: segments, vlanTag: vlanTag)
        attribute(&expected)
        countTotals(expected)
        if let flow = expected.flow { count(expected, of: flow) }
        return expected
    }

    /// RFC 791 §3.2: source, destination, protocol and identification; RFC 8200 §4.5: without the protocol.
    private struct Datagram: Hashable {
        let flow: FlowIdentity
        let id: UInt32

        init(_ flow: FlowIdentity, id: UInt32, protocol number: UInt8) {
            self.flow = FlowIdentity(
                vlanID: flow.vlanID, innerVLANID: flow.innerVLANID, transport: number, source: flow.source,
                destination: flow.destination)
            self.id = id
        }
    }

    private mutating func attribute(_ expected: inout Expected) {
        guard let flow = expected.flow else { return }
        switch expected.fragment {
        case .none: break
        case .first(let id): firstFragments[Datagram(flow, id: id, protocol: expected.fragmentProtocol)] = flow
        case .later(let id):
            expected.flow = firstFragments[Datagram(flow, id: id, protocol: expected.fragmentProtocol)] ?? flow
        }
    }

    private mutating func countTotals(_ expected: Expected) {
        totals.seen += expected.count
        switch expected.kind {
        case .ip: totals.ip += expected.count
        case .notIP: totals.notIP += expected.count
        case .malformed: totals.malformed += expected.count
        case .truncated:
            totals.malformed += expected.count
            totals.truncated += expected.count
        case .beyondLimits:
            totals.malformed += expected.count
            totals.beyondLimits += expected.count
        }
        if expected.flow?.isFragmentWithoutFlow == true { totals.fragmentWithoutFlow += expected.count }
    }

    private mutating func count(_ expected: Expected, of flow: FlowIdentity) {
        let new = Tally(
            dscp: expected.dscp, timeToLive: expected.timeToLive, sourceMAC: expected.sourceMAC,
            destinationMAC: expected.destinationMAC)
        flows[flow, default: new].count += expected.count
        flows[flow, default: new].tcpControlBits |= expected.tcpControlBits
        flows[flow, default: new].tcpFlags |= Self.awsFlags(expected.tcpControlBits)
        if expected.hidesTCPFlags { flows[flow, default: new].hidesTCPFlags = true }
    }

    /// AWS: FIN 1, SYN 2, RST 4, PSH 8, SYN-ACK 18, URG 32; an ACK without SYN is not counted.
    package static func awsFlags(_ controlBits: UInt16) -> UInt8 {
        let flags = TCPFlags(rawValue: controlBits)
        var counted: TCPFlags = [.fin, .syn, .rst, .psh, .urg]
        if flags.contains(.syn) { counted.insert(.ack) }
        return UInt8(flags.intersection(counted).rawValue)
    }
}

extension ReferenceMeter.Tally {
    /// What the programs counted of a flow, less its times, which no reference tells.
    package init(_ counters: FlowCounters) {
        self.init(
            count: counters.count, tcpControlBits: counters.tcpControlBits, tcpFlags: counters.tcpFlags,
            hidesTCPFlags: counters.hidesTCPFlags, dscp: counters.dscp, timeToLive: counters.timeToLive,
            sourceMAC: counters.sourceMAC,
            destinationMAC: counters.destinationMAC)
    }
}
