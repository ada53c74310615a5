// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Testing

/// Records of other ports in place of what nobody saw.
@Suite struct StandInTests {
    private static let machine = MACAddress(0x0200_0000_0007)
    private static let everybody = MACAddress(0xffff_ffff_ffff)

    /// Ports 1 (a guest), 2 (an uplink) and 3 (a guest whose frames are not observed) are on one bridge, 4 on another.
    private static let ports: [PortNumber: Port] = {
        let standIns: [(UInt16, PortRole, StandIn?)] = [
            (1, .guest, StandIn(bridge: "br0")), (2, .uplink, StandIn(bridge: "br0")),
            (3, .guest, StandIn(bridge: "br0", address: machine)), (4, .guest, StandIn(bridge: "br1")),
            (5, .guest, nil),
        ]
        return Dictionary(
            uniqueKeysWithValues: standIns.map { number, role, standIn in
                let number = PortNumber(number)
                return (number, Port(number: number, name: "p\(number.rawValue)", role: role, standIn: standIn))
            })
    }()

    private static func flow(_ port: UInt16, _ direction: Direction, from sourcePort: UInt16) -> FlowKey {
        FlowKey(
            port: PortNumber(port), direction: direction, transport: TransportNumber.udp,
            source: IPAddress(v4: 0x0a00_0001), destination: IPAddress(v4: 0x0a00_0002), sourcePort: sourcePort,
            destinationPort: 53)
    }

    private static func counters(_ packets: UInt64, to address: MACAddress) -> FlowCounters {
        let moment = MonotonicTime(nanoseconds: 110_000_000_000)
        return FlowCounters(
            count: PacketCount(packets: packets, octets: packets * 100), first: moment, last: moment,
            tcpControlBits: 0, tcpFlags: 0, dscp: 0, sourceMAC: MACAddress(9), destinationMAC: address)
    }

    private static func closed(_ flows: [(FlowKey, FlowCounters)]) -> ClosedWindow {
        var table = FlowTable()
        for (key, counters) in flows { table.merge(key, counters) }
        let anchor = ClockAnchor(
            monotonic: MonotonicTime(nanoseconds: 100_000_000_000), realtime: UnixTime(seconds: 1_000_020))
        let window = Window(number: 1, start: UnixTime(seconds: 1_000_020), end: UnixTime(seconds: 1_000_080))
        return ClosedWindow(window: window, anchor: anchor, flows: table, totals: [:])
    }

    private static func records(_ window: ClosedWindow, at port: UInt16) -> [FlowRecord] {
        window.entries(ports: ports).compactMap { entry in
            guard case .flow(let record) = entry, record.port.number == PortNumber(port) else { return nil }
            return record
        }
    }

    @Test func `what comes in at other ports of the bridge for the machine stands in, and says where it was seen`() {
        let window = Self.closed([
            (Self.flow(1, .egress, from: 1), Self.counters(3, to: Self.machine)),
            (Self.flow(2, .ingress, from: 2), Self.counters(4, to: Self.machine)),
        ])
        let records = Self.records(window, at: 3).sorted { $0.key.sourcePort < $1.key.sourcePort }
        #expect(records.map(\.observedAt?.name) == ["p1", "p2"])
        #expect(records.map(\.count.packets) == [3, 4])
        #expect(records.allSatisfy { $0.key.direction == .ingress && $0.key.port == PortNumber(3) })
        #expect(records.allSatisfy { $0.verdict == .unknown }, "nobody saw it delivered")
        #expect(records.allSatisfy { $0.port === Self.ports[PortNumber(3)] })
        // Those that were seen are as they are without.
        #expect(Self.records(window, at: 1).map(\.observedAt) == [nil])
        #expect(Self.records(window, at: 2).map(\.count.packets) == [4])
    }

    @Test(
        arguments: [
            // What leaves at another port, is for somebody else or for all, or comes in elsewhere.
            (1, Direction.ingress, machine), (2, .egress, machine), (1, .egress, MACAddress(8)),
            (1, .egress, everybody),
            (4, .egress, machine), (5, .egress, machine), (3, .egress, machine),
        ] as [(UInt16, Direction, MACAddress)])
    func `nothing else stands in`(port: UInt16, direction: Direction, address: MACAddress) {
        let window = Self.closed([(Self.flow(port, direction, from: 1), Self.counters(3, to: address))])
        #expect(
            window.entries(ports: Self.ports).compactMap { entry in
                if case .flow(let record) = entry { record.observedAt } else { nil }
            }.isEmpty)
    }

    @Test func `a port with a record that stands in is not one without data`() {
        func silent(_ window: ClosedWindow) -> [UInt16] {
            window.gaps(ports: Self.ports, receivers: window.receivers(ports: Self.ports)).compactMap { gap in
                if case .noData(let port, _) = gap { port.number.rawValue } else { nil }
            }
        }
        #expect(silent(Self.closed([])) == [1, 2, 3, 4, 5])
        let window = Self.closed([(Self.flow(1, .egress, from: 1), Self.counters(3, to: Self.machine))])
        #expect(!silent(window).contains(3))
    }

    @Test func `records of ports and those that stand in are counted together`() {
        let window = Self.closed(
            (1...100).map { index in
                (
                    Self.flow(1, .egress, from: index),
                    Self.counters(1, to: index % 4 == 0 ? Self.machine : MACAddress(8))
                )
            })
        var count = 0
        #expect(window.forEachRecord(ports: Self.ports) { _ in count += 1 } == 125)
        #expect(count == 125)
    }
}
