// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Testing

private func clocks(_ sinceBoot: Int64, wall: Int64) -> ClockAnchor {
    ClockAnchor(
        monotonic: MonotonicTime(nanoseconds: UInt64(sinceBoot) * 1_000_000_000), realtime: UnixTime(seconds: wall))
}

private func flow(_ sourcePort: UInt16) -> FlowKey {
    FlowKey(
        port: PortNumber(1), direction: .egress, transport: TransportNumber.udp, source: IPAddress(v4: 0x0a00_0001),
        destination: IPAddress(v4: 0x0a00_0002), sourcePort: sourcePort, destinationPort: 53)
}

private func counters(_ packets: UInt64, at first: UInt64, to last: UInt64) -> FlowCounters {
    FlowCounters(
        count: PacketCount(packets: packets, octets: packets * 100),
        first: MonotonicTime(nanoseconds: first * 1_000_000_000), last: MonotonicTime(nanoseconds: last * 1_000_000_000)
    )
}

private let side = PortSide(port: PortNumber(1), direction: .egress)

/// Windows whose counters were taken out of the source more than once.
@Suite struct WindowPartsTests {
    private static let opened = clocks(100, wall: 1_000_020)

    private static func meter(openWindow number: UInt32 = 1) -> FlowMeter<FakeFlowSource> {
        FlowMeter(
            source: FakeFlowSource(openWindow: number), interval: .seconds(60), openWindow: number, opened: opened,
            now: opened)
    }

    @Test func theFlowsOfAllPartsAreOneWindow() throws {
        var meter = Self.meter()
        meter.source.count(flow(1), counters(1, at: 101, to: 102))
        meter.source.count(flow(2), counters(2, at: 103, to: 104))
        try meter.swapEarly(at: clocks(110, wall: 1_000_030))
        meter.source.count(flow(1), counters(4, at: 111, to: 112))
        try meter.swapEarly(at: clocks(120, wall: 1_000_040))
        meter.source.count(flow(3), counters(8, at: 130, to: 131))
        meter.source.count(flow(1), counters(16, at: 132, to: 133))
        let closed = try #require(try meter.advance(to: clocks(160, wall: 1_000_080)))
        #expect(closed.parts == 3 && closed.flows.count == 3)
        #expect(closed.flows[flow(1)] == counters(21, at: 101, to: 133))
        #expect(closed.flows[flow(2)] == counters(2, at: 103, to: 104))
        #expect(closed.flows[flow(3)] == counters(8, at: 130, to: 131))
        #expect(closed.totals[side]?.seen == PacketCount(packets: 31, octets: 3100) && closed.violations.isEmpty)
    }

    @Test func theWindowHasItsOwnTimesAndTheNumberOfItsLastPart() throws {
        var meter = Self.meter()
        try meter.swapEarly(at: clocks(110, wall: 1_000_030))
        #expect(
            meter.openWindow
                == OpenWindow(
                    number: 2, anchor: Self.opened, end: UnixTime(seconds: 1_000_080), firstNumber: 1))
        #expect(meter.source.openWindow == meter.openWindow)
        let closed = try #require(try meter.advance(to: clocks(160, wall: 1_000_080)))
        #expect(
            closed.window == Window(number: 2, start: Self.opened.realtime, end: UnixTime(seconds: 1_000_080)))
        #expect(closed.parts == 2 && closed.anchor == Self.opened && meter.openWindow.number == 3)
        try meter.release(closed)
        let next = try #require(try meter.advance(to: clocks(220, wall: 1_000_140)))
        #expect(next.parts == 1 && next.window.number == 3)
    }

    @Test func aWindowWithPartsThatIsCutShortEndsWhereItIsCut() throws {
        var meter = Self.meter()
        meter.source.count(flow(1), counters(1, at: 101, to: 102))
        try meter.swapEarly(at: clocks(110, wall: 1_000_030))
        let closed = try #require(try meter.cutShort(at: clocks(130, wall: 1_000_050)))
        #expect(
            closed.window
                == Window(
                    number: 2, start: Self.opened.realtime, end: UnixTime(seconds: 1_000_050), endReason: .forcedEnd))
        #expect(closed.parts == 2 && closed.flows.count == 1 && closed.violations.isEmpty)
    }

    @Test func aWallClockThatIsSteppedBetweenPartsEndsTheWindowWithAllOfThem() throws {
        var meter = Self.meter()
        meter.source.count(flow(1), counters(1, at: 101, to: 102))
        try meter.swapEarly(at: clocks(110, wall: 1_003_630))
        meter.source.count(flow(1), counters(2, at: 111, to: 112))
        let closed = try #require(try meter.advance(to: clocks(120, wall: 1_003_640)))
        #expect(closed.window.end == UnixTime(seconds: 1_000_040) && closed.window.endReason == .forcedEnd)
        #expect(closed.parts == 2 && closed.flows[flow(1)] == counters(3, at: 101, to: 112))
        #expect(meter.openWindow.anchor == clocks(120, wall: 1_003_640))
    }

    @Test func anEarlySwapAtTheEdgeIsLeftToTheEdge() throws {
        var meter = Self.meter()
        try meter.swapEarly(at: clocks(160, wall: 1_000_080))
        #expect(meter.openWindow.number == 1)
        #expect(try meter.advance(to: clocks(160, wall: 1_000_080))?.parts == 1)
    }

    @Test func aWindowIsReleasedBeforeTheNextOneIsSwappedEarly() throws {
        var meter = Self.meter()
        meter.source.count(flow(1), counters(1, at: 101, to: 102))
        let closed = try #require(try meter.advance(to: clocks(160, wall: 1_000_080)))
        #expect(throws: FakeFlowSource.Fault.openedUnreleased(3)) {
            try meter.swapEarly(at: clocks(161, wall: 1_000_081))
        }
        _ = closed
    }

    @Test func overflowOfEveryPartCounts() throws {
        var meter = Self.meter()
        for packets in 1...3 as ClosedRange<UInt64> {
            meter.source.addTotals(side) { totals in
                totals.seen += PacketCount(packets: packets, octets: packets * 60)
                totals.ip += PacketCount(packets: packets, octets: packets * 60)
                totals.overflow += PacketCount(packets: packets, octets: packets * 60)
            }
            if packets < 3 { try meter.swapEarly(at: clocks(100 + Int64(packets), wall: 1_000_020 + Int64(packets))) }
        }
        let closed = try #require(try meter.advance(to: clocks(160, wall: 1_000_080)))
        #expect(closed.totals[side]?.overflow == PacketCount(packets: 6, octets: 360) && closed.violations.isEmpty)
    }

    @Test func numbersWrapInTheMiddleOfAWindow() throws {
        var meter = Self.meter(openWindow: .max - 1)
        for turn in 1...3 as ClosedRange<UInt64> {
            meter.source.count(flow(1), counters(turn, at: 100 + turn, to: 100 + turn))
            try meter.swapEarly(at: clocks(100 + Int64(turn), wall: 1_000_020 + Int64(turn)))
        }
        meter.source.count(flow(1), counters(10, at: 110, to: 111))
        let closed = try #require(try meter.advance(to: clocks(160, wall: 1_000_080)))
        #expect(closed.window.number == 3 && closed.parts == 4 && meter.openWindow.number == 4)
        #expect(closed.flows[flow(1)] == counters(16, at: 101, to: 111) && closed.violations.isEmpty)
        try meter.release(closed)
    }

    @Test func partsThatAnEarlierMeterTookAreOneWindowWithWhatComesAfter() throws {
        var source = FakeFlowSource(openWindow: 2)
        source.count(flow(1), counters(2, at: 110, to: 115))
        let closed = OpenWindow(
            number: 2, anchor: Self.opened, end: UnixTime(seconds: 1_000_080), firstNumber: 1)
        var open = closed
        open.number = 3
        open.spansRestart = true
        try source.open(open)
        var meter = FlowMeter(
            source: source, interval: .seconds(60), takingOver: open, now: clocks(120, wall: 1_000_040))
        // One part was in the journal, one is in the source.
        var flows = FlowTable()
        flows.merge(flow(1), counters(1, at: 101, to: 102))
        let window = Window(number: 1, start: Self.opened.realtime, end: Self.opened.realtime, endReason: nil)
        let journaled = WindowPart(
            window: window, firstNumber: 1, anchor: Self.opened, flows: flows, totals: [side: seen(1)])
        #expect(meter.adopt(journaled) == nil)
        let part = try meter.leftover(of: closed)
        #expect(!part.isLast && part.window.number == 2)
        #expect(try meter.release(part) == nil)
        meter.source.count(flow(1), counters(4, at: 130, to: 131))
        let all = try #require(try meter.advance(to: clocks(160, wall: 1_000_080)))
        #expect(all.flows[flow(1)] == counters(7, at: 101, to: 131) && all.parts == 3 && all.violations.isEmpty)
        #expect(
            all.window
                == Window(
                    number: 3, start: Self.opened.realtime, end: UnixTime(seconds: 1_000_080), spansRestart: true))
    }

    private func seen(_ packets: UInt64) -> PortTotals {
        var totals = PortTotals()
        totals.seen = PacketCount(packets: packets, octets: packets * 100)
        totals.ip = totals.seen
        return totals
    }
}
