// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowRecorder
import FlowTestKit
import Host
import Logging
import SystemPackage
import Testing

@Suite struct MeterLoopTests {
    /// A loop on a simulated clock, and what is counted into it and comes out of it.
    private struct Simulation: ~Copyable {
        static let interval = Duration.seconds(60)

        let clock = SimulatedClock(
            monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), realtime: UnixTime(seconds: 1_800_000_000))
        let journal = FakeJournal()
        var loop: MeterLoop<FakeFlowSource, FakeJournal>
        var counted = PacketCount.zero
        var recorded = PacketCount.zero
        /// Those that came out complete, in their order.
        var windows: [Window] = []
        var violations = 0

        init() {
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let meter = FlowMeter(
                source: FakeFlowSource(openWindow: 1), interval: Self.interval, openWindow: 1, opened: clock.now,
                now: clock.now)
            let keeper = JournalKeeper(journal: journal, installation: 1, logger: logger, clock: clock)
            loop = MeterLoop(meter: meter, keeper: keeper, stall: Stall(patience: .seconds(1)), clock: clock)
        }

        mutating func count(_ packets: UInt64, flow sourcePort: UInt16) {
            let key = FlowKey(
                port: PortNumber(1), direction: .egress, transport: TransportNumber.udp,
                source: IPAddress(v4: 0x0a00_0001), destination: IPAddress(v4: 0x0a00_0002), sourcePort: sourcePort,
                destinationPort: 53)
            let now = clock.now.monotonic
            let count = PacketCount(packets: packets, octets: packets * 100)
            loop.meter.source.count(
                key,
                FlowCounters(
                    count: count, first: now, last: now, tcpControlBits: 0, tcpFlags: 0, dscp: 0,
                    sourceMAC: MACAddress(1), destinationMAC: MACAddress(2)))
            counted += count
        }

        /// Does all that is due now.
        mutating func work() throws {
            while try follow(loop.next()) {}
        }

        mutating func finish() throws {
            while try follow(loop.takeLast()), loop.keeper.retry != nil {}
        }

        private mutating func follow(_ step: consuming MeterLoop<FakeFlowSource, FakeJournal>.Step) throws -> Bool {
            switch step {
            case .wait: return false
            case .took: loop.keep(ports: [:])
            case .safe(var safe):
                recorded += safe.window.flows.values.reduce(.zero) { $0 + $1.count }
                violations += safe.window.violations.count
                windows.append(safe.window.window)
                loop.meter.recycle(&safe.window)
            }
            return true
        }
    }

    @Test func `ten thousand windows with stepped clocks, full tables and a journal that fails lose nothing`() throws {
        var generator = SplitMix64(seed: 1)
        var simulation = Simulation()
        var early = 0
        var steps = 0
        var failedFrom: MonotonicTime?
        while simulation.windows.count < 10_000 {
            simulation.count(UInt64.random(in: 1...9, using: &generator), flow: .random(in: 1...50, using: &generator))
            switch UInt64.random(in: 0..<100, using: &generator) {
            case 0..<8:
                simulation.loop.meter.source.isFillingUp = true
                early += 1
            case 8..<10:
                simulation.clock.step(by: .seconds(Int64.random(in: -7200...7200, using: &generator)))
                steps += 1
            case 10..<12 where failedFrom == nil:
                simulation.journal.failure = .noSpace
                failedFrom = simulation.clock.now.monotonic
            default: break
            }
            // To what is due, or to anywhere on the way there.
            let pause = simulation.clock.now.monotonic.duration(to: simulation.loop.due)
            simulation.clock.advance(
                by: max(.milliseconds(1), pause * Double.random(in: 0.2...1.05, using: &generator)))
            if let from = failedFrom, from.duration(to: simulation.clock.now.monotonic) > .seconds(150) {
                simulation.journal.failure = nil
                failedFrom = nil
            }
            try simulation.work()
        }
        simulation.journal.failure = nil
        simulation.clock.advance(by: .seconds(2))
        try simulation.work()
        try simulation.finish()
        #expect(simulation.counted == simulation.recorded)
        #expect(simulation.violations == 0)
        #expect(early > 1000 && steps > 200 && simulation.journal.refusals > 200)
        #expect(Set(simulation.journal.parts).count == simulation.journal.parts.count, "a part was written twice")
        #expect(simulation.windows.allSatisfy { $0.start <= $0.end })
    }

    @Test func `a part that cannot be written is tried again each second, and nothing is swapped meanwhile`() throws {
        var simulation = Simulation()
        simulation.count(3, flow: 1)
        simulation.journal.failure = .noSpace
        simulation.clock.advance(by: Simulation.interval)
        try simulation.work()
        #expect(simulation.journal.refusals == 1 && simulation.windows.isEmpty)
        simulation.count(4, flow: 1)
        simulation.loop.meter.source.isFillingUp = true
        for _ in 0..<5 {
            simulation.clock.advance(by: .seconds(1))
            try simulation.work()
        }
        #expect(simulation.journal.refusals == 6 && simulation.windows.isEmpty)
        #expect(simulation.loop.keeper.failure != nil)
        simulation.journal.failure = nil
        simulation.clock.advance(by: .seconds(1))
        try simulation.work()
        #expect(simulation.windows.count == 1 && simulation.recorded.packets == 3)
        #expect(simulation.loop.keeper.failure == nil)
        #expect(simulation.loop.keeper.failures == 1)
        try simulation.finish()
        #expect(simulation.recorded.packets == 7)
    }
}
