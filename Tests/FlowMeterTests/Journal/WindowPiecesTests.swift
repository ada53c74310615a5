// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import SystemPackage
import Testing

/// Windows with more flows than are merged in memory at a time.
@Suite struct WindowPiecesTests {
    private static let mostFlows = 1000
    private static let opened = ClockAnchor(
        monotonic: MonotonicTime(nanoseconds: 100_000_000_000), realtime: UnixTime(seconds: 1_000_020))
    private static let edge = ClockAnchor(
        monotonic: MonotonicTime(nanoseconds: 160_000_000_000), realtime: UnixTime(seconds: 1_000_080))

    let fixture: JournalFixture

    init() throws { fixture = try JournalFixture() }

    private static func meter() -> FlowMeter<FakeFlowSource> {
        FlowMeter(
            source: FakeFlowSource(openWindow: 1), interval: .seconds(60), openWindow: 1, opened: opened, now: opened,
            mostFlows: mostFlows)
    }

    /// Counts a packet of each flow.
    private static func count(_ flows: Range<UInt32>, in meter: inout FlowMeter<FakeFlowSource>, at second: UInt64) {
        for flow in flows {
            let key = FlowKey(
                port: PortNumber(flow % 2 == 0 ? 1 : 7), direction: .egress, transport: TransportNumber.udp,
                source: IPAddress(v4: flow), destination: IPAddress(v4: 1))
            let time = MonotonicTime(nanoseconds: second * 1_000_000_000)
            let counters = FlowCounters(count: PacketCount(packets: 1, octets: 28), first: time, last: time)
            meter.source.count(key, counters)
        }
    }

    private func append(
        _ part: inout WindowPart, from meter: borrowing FlowMeter<FakeFlowSource>, failing: Bool = false
    ) throws -> Segment? {
        let number = part.window.number
        return try fixture.journal.append(&part, installation: 9, ports: Sample.ports) { piece, flows in
            if failing, piece.index == 1 { throw Errno.ioError }
            try meter.drain(piece, of: number, into: &flows)
        }
    }

    /// All flows of the segment's window, and how many are in its largest piece. Each must be in one piece only.
    private func read(_ segment: Segment) throws -> (flows: [FlowKey: FlowCounters], largest: Int) {
        let pieces = JournaledPieces(segment, mostFlows: Self.mostFlows)
        var (flows, largest): ([FlowKey: FlowCounters], Int) = ([:], 0)
        for index in 0..<pieces.count {
            let window = try #require(try pieces.read(index))
            #expect(!window.isDamaged && window.closed.totals.values.reduce(0) { $0 + $1.seen.packets } > 0)
            for flow in window.closed.flows.records {
                #expect(flows.updateValue(flow.counters, forKey: flow.key) == nil)
            }
            largest = max(largest, window.closed.flows.count)
        }
        return (flows, largest)
    }

    @Test func `a part with too many flows is written in pieces, and read in pieces`() throws {
        var meter = Self.meter()
        // Two slots of each, as of two CPUs.
        for second in [101, 110] as [UInt64] { Self.count(0..<10_000, in: &meter, at: second) }
        var part = try #require(try meter.takeDue(at: Self.edge))
        #expect(part.pieces == 16 && part.flows.isEmpty && !part.isEmpty)
        let segment = try #require(try append(&part, from: meter))
        let content = try SegmentReader.read(segment)
        #expect(content.isIntact && content.parts[0].description?.flows == 10_000)
        let closed = try #require(try meter.release(part))
        #expect(closed.flows.isEmpty && closed.sums.flows == 10_000 && closed.violations.isEmpty && !closed.isEmpty)

        let (flows, largest) = try read(segment)
        #expect(flows.count == 10_000 && flows.values.allSatisfy { $0.count == PacketCount(packets: 2, octets: 56) })
        #expect(flows.values.allSatisfy { $0.first.nanoseconds < $0.last.nanoseconds })
        // Pieces are as even as a hash is.
        #expect(largest < Self.mostFlows + 200)
        let short = try Journal.giveUp(segment, mostFlows: Self.mostFlows)
        #expect(short.flows == 10_000 && short.packets == PacketCount(packets: 20_000, octets: 560_000))
    }

    @Test func `parts that fit are left to the journal where their window does not`() throws {
        var meter = Self.meter()
        var segment: Segment?
        for turn in 0..<4 as Range<UInt32> {
            // Half of the flows of each part are in the next one, too.
            Self.count(turn * 400..<turn * 400 + 800, in: &meter, at: 101 + UInt64(turn))
            let taken = turn < 3 ? try meter.takeEarly(at: Self.opened) : try meter.takeDue(at: Self.edge)
            var part = try #require(taken)
            #expect(part.pieces == 1 && part.flows.count == 800)
            segment = try append(&part, from: meter)
            let closed = try meter.release(part)
            #expect((closed == nil) == (turn < 3))
            guard let closed else { continue }
            #expect(closed.parts == 4 && closed.flows.isEmpty && closed.sums.flows == 3200 && closed.violations.isEmpty)
        }
        let (flows, largest) = try read(try #require(segment))
        #expect(flows.count == 2000 && largest < Self.mostFlows)
        #expect(flows.values.count { $0.count.packets == 2 } == 1200)
        #expect(try Journal.giveUp(try #require(segment), mostFlows: Self.mostFlows).flows == 2000)
    }

    @Test func `a part whose source fails between two pieces is written anew`() throws {
        var meter = Self.meter()
        Self.count(0..<4000, in: &meter, at: 101)
        var part = try #require(try meter.takeDue(at: Self.edge))
        #expect(throws: Errno.ioError) { try append(&part, from: meter, failing: true) }
        #expect(try SegmentReader.read(try #require(fixture.segments().first)).isComplete == false)
        let segment = try #require(try append(&part, from: meter))
        #expect(try SegmentReader.read(segment).isIntact)
        let closed = try #require(try meter.release(part))
        #expect(closed.violations.isEmpty)
        #expect(try read(segment).flows.count == 4000)
    }

    @Test func `what an earlier meter wrote of the open window stays in the journal where it is too much`() throws {
        var meter = Self.meter()
        Self.count(0..<4000, in: &meter, at: 101)
        var part = try #require(try meter.takeEarly(at: Self.opened))
        #expect(try append(&part, from: meter) == nil)
        let content = try SegmentReader.read(try #require(fixture.segments().first), .none)
        #expect(content.isIntact && content.parts[0].flows.isEmpty)
        var found = content.parts[0]
        let again = found.takePart()
        let taken = try #require(again)
        #expect(taken.journaled.flows == 4000 && taken.journaled == part.journaled && taken.totals == part.totals)
        let closed = meter.adopt(taken)
        #expect(closed == nil)
    }
}
