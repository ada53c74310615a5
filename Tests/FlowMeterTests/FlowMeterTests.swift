// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Testing

private func clocks(_ sinceBoot: Int64, wall: Int64) -> ClockAnchor {
    ClockAnchor(
        monotonic: MonotonicTime(nanoseconds: UInt64(sinceBoot) * 1_000_000_000), realtime: UnixTime(seconds: wall))
}

private func flow(_ port: UInt16, _ direction: Direction = .egress, from sourcePort: UInt16 = 1000) -> FlowKey {
    FlowKey(
        port: PortNumber(port), direction: direction, transport: TransportNumber.udp,
        source: IPAddress(v4: 0x0a00_0001), destination: IPAddress(v4: 0x0a00_0002), sourcePort: sourcePort,
        destinationPort: 53)
}

private func counters(_ packets: UInt64, at first: Int64, to last: Int64, mac: UInt64 = 1) -> FlowCounters {
    FlowCounters(
        count: PacketCount(packets: packets, octets: packets * 100),
        first: MonotonicTime(nanoseconds: UInt64(first) * 1_000_000_000),
        last: MonotonicTime(nanoseconds: UInt64(last) * 1_000_000_000), tcpControlBits: UInt16(1) << packets,
        tcpFlags: UInt8(packets), dscp: UInt8(mac), sourceMAC: MACAddress(mac), destinationMAC: MACAddress(mac + 1))
}

@Suite struct FlowMeterTests {
    private static let opened = clocks(100, wall: 1_000_020)

    private static func meter(
        _ source: consuming FakeFlowSource, openWindow: UInt32 = 1
    ) -> FlowMeter<FakeFlowSource> {
        FlowMeter(source: source, interval: .seconds(60), openWindow: openWindow, opened: opened, now: opened)
    }

    /// Leaves no copy of the part behind: the storage would be in use.
    private static func close(
        _ meter: inout FlowMeter<FakeFlowSource>, at now: ClockAnchor
    ) throws -> ClosedWindow {
        let part = try #require(try meter.takeDue(at: now))
        return try #require(try meter.release(part))
    }

    @Test func aFlowThatSeveralCPUsCountedIsOneRecord() throws {
        var source = FakeFlowSource(openWindow: 1)
        source.count(flow(1), counters(3, at: 110, to: 120, mac: 7))
        source.count(flow(1), counters(4, at: 105, to: 115, mac: 9))
        source.count(flow(1), counters(5, at: 112, to: 150, mac: 11))
        var meter = Self.meter(source)
        let closed = try #require(try meter.advance(to: clocks(160, wall: 1_000_080)))
        let merged = try #require(closed.flows[flow(1)])
        #expect(closed.flows.count == 1 && merged.count == PacketCount(packets: 12, octets: 1200))
        #expect(merged.first.nanoseconds == 105_000_000_000 && merged.last.nanoseconds == 150_000_000_000)
        #expect(merged.tcpControlBits == 0b111000 && merged.tcpFlags == 7)
        // The first packet's, whichever CPU saw it.
        #expect(merged.dscp == 9 && merged.sourceMAC == MACAddress(9) && merged.destinationMAC == MACAddress(10))
        #expect(closed.violations.isEmpty)
    }

    @Test func everyPacketIsInOneWindowOnly() throws {
        var meter = Self.meter(FakeFlowSource(openWindow: 1))
        var recorded = PacketCount.zero
        for window in 1...10 as ClosedRange<Int64> {
            meter.source.count(flow(1), counters(UInt64(window), at: 100, to: 101))
            let closed = try #require(try meter.advance(to: clocks(100 + 60 * window, wall: 1_000_020 + 60 * window)))
            #expect(closed.flows[flow(1)]?.count.packets == UInt64(window))
            recorded += closed.flows.values.reduce(.zero) { $0 + $1.count }
            try meter.release(closed)
        }
        #expect(recorded == PacketCount(packets: 55, octets: 5500))
    }

    @Test func theStorageOfAWindowThatIsPublishedIsThatOfTheNext() throws {
        var meter = Self.meter(FakeFlowSource(openWindow: 1))
        var places: Set<UInt> = []
        for window in 1...5 as ClosedRange<Int64> {
            for index in 0..<100 as Range<UInt16> { meter.source.count(flow(index), counters(1, at: 100, to: 101)) }
            var closed = try Self.close(&meter, at: clocks(100 + 60 * window, wall: 1_000_020 + 60 * window))
            #expect(closed.flows.count == 100)
            let place = unsafe closed.flows.records.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
            places.insert(place)
            meter.recycle(&closed)
            #expect(closed.flows.isEmpty)
        }
        #expect(places.count == 1)
    }

    @Test func aWindowThatIsNotReleasedIsNotCountedIntoAgain() throws {
        var meter = Self.meter(FakeFlowSource(openWindow: 1))
        meter.source.count(flow(1), counters(1, at: 100, to: 101))
        _ = try meter.advance(to: clocks(160, wall: 1_000_080))
        #expect(throws: FakeFlowSource.Fault.openedUnreleased(3)) {
            _ = try meter.advance(to: clocks(220, wall: 1_000_140))
        }
    }

    /// Closed at its edge, and where the wall clock was stepped twenty seconds before it.
    @Test(arguments: [(160, .activeTimeout), (140, .forcedEnd)] as [(Int64, FlowEndReason)])
    func whatAnEarlierMeterClosedHasItsOwnTimes(swapped: Int64, reason: FlowEndReason) throws {
        var source = FakeFlowSource(openWindow: 1)
        source.count(flow(1), counters(2, at: 110, to: 115))
        let closed = OpenWindow(number: 1, anchor: Self.opened, end: UnixTime(seconds: 1_000_080))
        let open = OpenWindow(
            number: 2, anchor: clocks(swapped, wall: swapped == 160 ? 1_000_080 : 2_000_000),
            end: UnixTime(seconds: 3_000_000))
        try source.open(open)
        var meter = FlowMeter(
            source: source, interval: .seconds(60), takingOver: open, now: clocks(170, wall: 1_000_090))
        let part = try meter.leftover(of: closed)
        let end = UnixTime(seconds: 1_000_020 + swapped - 100)
        #expect(part.window == Window(number: 1, start: Self.opened.realtime, end: end, endReason: reason))
        #expect(part.flows[flow(1)]?.count.packets == 2 && part.firstNumber == 1 && part.anchor == Self.opened)
        let window = try #require(try meter.release(part))
        #expect(window.flows[flow(1)]?.count.packets == 2 && window.parts == 1)
        // Its generation is free for the window after the open one.
        meter.source.count(flow(1), counters(3, at: 171, to: 172))
        #expect(try meter.cutShort(at: clocks(172, wall: 1_000_092))?.flows[flow(1)]?.count.packets == 3)
    }

    @Test func theStorageOfAReleasedWindowIsThatOfTheNext() throws {
        var meter = Self.meter(FakeFlowSource(openWindow: 1))
        var capacities: [Int] = []
        for window in 1...9 as ClosedRange<Int64> {
            let count: UInt16 = window == 1 ? 20_000 : 10
            for index in 0..<count { meter.source.count(flow(1, from: index), counters(1, at: 100, to: 101)) }
            let closed = try #require(try meter.advance(to: clocks(100 + 60 * window, wall: 1_000_020 + 60 * window)))
            #expect(closed.flows.count == Int(count) && closed.violations.isEmpty)
            capacities.append(closed.flows.capacity)
            try meter.release(closed)
        }
        // Kept for five windows that did not need it, then given back.
        #expect(capacities[0] >= 20_000 && capacities[1...5].allSatisfy { $0 == capacities[0] })
        #expect(capacities[6...].allSatisfy { $0 < 1000 })
    }

    @Test func framesThatAreNotAccountedForAreAViolation() throws {
        var source = FakeFlowSource(openWindow: 1)
        let side = PortSide(port: PortNumber(1), direction: .egress)
        source.count(flow(1), counters(3, at: 110, to: 120))
        source.addTotals(side) { totals in
            totals.seen += PacketCount(packets: 2, octets: 60)
            totals.notIP += PacketCount(packets: 2, octets: 59)
        }
        var meter = Self.meter(source)
        let closed = try #require(try meter.cutShort(at: clocks(130, wall: 1_000_050)))
        let violation = try #require(closed.violations.first)
        #expect(closed.violations.count == 1 && violation.side == side)
        #expect(violation.description == "port 1 egress: seen 5 packets and 360 octets, explained 5 and 359")
    }
}

@Suite struct ClosedWindowTests {
    private static let window = Window(number: 4, start: UnixTime(seconds: 1000), end: UnixTime(seconds: 1060))

    private static func closed(
        _ flows: FlowTable, _ totals: [PortSide: PortTotals] = [:]
    ) -> ClosedWindow {
        ClosedWindow(window: window, anchor: clocks(50, wall: 1000), flows: flows, totals: totals)
    }

    private static func ports(_ role: PortRole = .guest) -> [PortNumber: Port] {
        [PortNumber(1): Port(number: PortNumber(1), name: "tap1", role: role)]
    }

    @Test func timesAreThoseOfTheWallClockAsItStoodWhenTheWindowWasOpened() throws {
        let closed = Self.closed([flow(1): counters(1, at: 55, to: 109)])
        guard case .flow(let record) = try #require(closed.entries(ports: Self.ports()).first) else { return }
        #expect(record.first == UnixTime(seconds: 1005) && record.last == UnixTime(seconds: 1059))
    }

    @Test func noPacketsTimeLiesOutsideOfItsWindow() throws {
        // One that the coarse clock put before the edge, one that came before the swap but after the edge.
        let closed = Self.closed([flow(1): counters(2, at: 49, to: 111)])
        guard case .flow(let record) = try #require(closed.entries(ports: Self.ports()).first) else { return }
        #expect(record.first == Self.window.start)
        #expect(record.last.duration(to: Self.window.end) == .nanoseconds(1) && record.last.seconds == 1059)
    }

    @Test(arguments: [
        (PortRole.guest, Direction.ingress, Verdict.accept(.observed)), (.guest, .egress, .unknown),
        (.uplink, .egress, .accept(.observed)), (.uplink, .ingress, .unknown),
    ])
    func whatWasSeenLeavingTowardsThePortWasAccepted(role: PortRole, direction: Direction, verdict: Verdict) throws {
        let closed = Self.closed([flow(1, direction): counters(1, at: 55, to: 109)])
        guard case .flow(let record) = try #require(closed.entries(ports: Self.ports(role)).first) else { return }
        #expect(record.verdict == verdict)
    }

    @Test func everyFlowOfAPortThatIsGivenIsOneRecordWithItsPort() {
        var flows = FlowTable()
        for index in 0..<1000 as Range<UInt16> {
            flows.merge(flow(1 + index % 3, from: index), counters(1, at: 55, to: 60))
        }
        let ports = [1, 3].map { Port(number: PortNumber($0), name: "tap\($0)", role: .guest) }
        var seen: Set<FlowKey> = []
        let closed = Self.closed(flows)
        let count = closed.forEachRecord(ports: Dictionary(uniqueKeysWithValues: ports.map { ($0.number, $0) })) {
            record in
            #expect(record.key.port == record.port.number && record.count.packets == 1)
            seen.insert(record.key)
        }
        // The second of three ports is not given.
        #expect(count == 667 && seen.count == 667)
        #expect(closed.forEachRecord(ports: [:]) { _ in } == 0)
    }

    @Test func aPortWithoutAnIPPacketSaysNoData() {
        var totals = PortTotals()
        totals.seen = PacketCount(packets: 1, octets: 46)
        totals.notIP = totals.seen
        let side = PortSide(port: PortNumber(1), direction: .egress)
        let port = Port(number: PortNumber(1), name: "tap1", role: .guest)
        #expect(
            Self.closed([:], [side: totals]).entries(ports: Self.ports()) == [.noData(port: port, window: Self.window)])
        #expect(Self.closed([:]).entries(ports: Self.ports()) == [.noData(port: port, window: Self.window)])
    }

    @Test func `only a port that was measured throughout and saw no IP packet, well-formed or not, says NODATA`() {
        func gaps(_ coverage: PortCoverage, _ totals: PortTotals = PortTotals()) -> [LogEntry] {
            let side = PortSide(port: PortNumber(1), direction: .egress)
            let port = Port(number: PortNumber(1), name: "tap1", role: .guest, coverage: coverage)
            return Self.closed([:], [side: totals]).gaps(ports: [port.number: port], receivers: [])
        }
        var malformed = PortTotals()
        malformed.seen = PacketCount(packets: 1, octets: 46)
        malformed.malformed = malformed.seen
        #expect(gaps(.whole).count == 1)
        #expect(gaps(.part) == [])
        #expect(gaps(.whole, malformed) == [])
        for totals in [PortTotals(), malformed] {
            let entry = gaps(.interrupted("a program was detached"), totals).first
            guard case .skipData(_, _, .zero) = entry else {
                Issue.record("\(String(describing: entry))")
                continue
            }
        }
    }

    @Test func overflowOfBothDirectionsIsOneSkipDataLine() {
        var totals: [PortSide: PortTotals] = [:]
        for (direction, packets) in [(Direction.ingress, UInt64(3)), (.egress, 4)] {
            var side = PortTotals()
            side.overflow = PacketCount(packets: packets, octets: packets * 100)
            side.ip = side.overflow
            side.seen = side.overflow
            totals[PortSide(port: PortNumber(1), direction: direction)] = side
        }
        let overflow = PacketCount(packets: 7, octets: 700)
        let port = Port(number: PortNumber(1), name: "tap1", role: .guest)
        let closed = Self.closed([:], totals)
        #expect(closed.entries(ports: Self.ports()) == [.skipData(port: port, window: Self.window, overflow: overflow)])
        #expect(closed.violations.isEmpty)
    }
}
