// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Host
import Testing

extension Replays {
    /// One port's new flows, many more than the table has room for, beside another port with a few.
    @Suite struct FloodSuite {
        private static let newFlows = 2_000_000
        /// Every third flow has two packets, one after the other.
        private static let sent = (0..<newFlows).map { $0 % 3 == 0 ? UInt64(2) : 1 }
        private static let octets = FrameForm.ipv4.count.octets

        @Test func aReaderThatKeepsUpLosesNothingOfTwoMillionNewFlows() throws {
            let flood = try Flood(isPaced: true)
            let window = flood.metered.window
            let totals = window.egress(of: ReplayTables.port)
            #expect(totals.overflow.isZero)
            #expect(window.flows.count == Self.newFlows + Flood.steadyFlows)
            let counted = FlowTally(
                of: ReplayTables.port, in: window.flows, flows: Self.newFlows, octets: Self.octets)
            #expect(counted.packets == Self.sent)
            flood.check(parts: 2...)
        }

        @Test func aReaderThatDoesNotKeepUpLosesNothingFromSight() throws {
            let flood = try Flood(isPaced: false)
            let window = flood.metered.window
            let totals = window.egress(of: ReplayTables.port)
            let counted = FlowTally(
                of: ReplayTables.port, in: window.flows, flows: Self.newFlows, octets: Self.octets)
            #expect(counted.sum + totals.overflow.packets == Self.sent.reduce(0, +))
            #expect(totals.overflow.octets == totals.overflow.packets * Self.octets)
            #expect(zip(counted.packets, Self.sent).allSatisfy { $0 <= $1 }, "nothing is counted twice")
            flood.check(parts: 1...)
        }

        /// Nobody swaps. What is left of the table is the other port's.
        @Test func withoutAMeterAFloodGetsItsShareOfEachCPUAndNoMore() throws {
            let each = 100_000
            let tables = try ReplayTables(TableRequest())
            var meter = try tables.meter()
            let directory = tables.directory
            let cpus = try tables.open().geometry.cpus
            let share = try tables.open().geometry.portShare
            for cpu in 0..<2 {
                try PinnedThread(on: cpu) {
                    let tables = try FlowTables.open(in: directory, rights: .readWrite)
                    var flood = try PacketSource(of: ReplayTables.port, on: tables, room: each)
                    try flood.send(cpu * each..<(cpu + 1) * each)
                    var other = try PacketSource(of: ReplayTables.secondPort, on: tables, room: 20_000)
                    try other.send(0..<20_000)
                }.value()
            }
            #expect(cpus >= 2)
            let closed = try tables.close(&meter)
            let flood = closed.egress(of: ReplayTables.port)
            let recorded = closed.flows.keys.filter { $0.port == ReplayTables.port }
            #expect(recorded.count == 2 * share)
            #expect(flood.seen.packets == UInt64(2 * each))
            #expect(flood.overflow.packets == UInt64(2 * (each - share)))
            let other = FlowTally(of: ReplayTables.secondPort, in: closed.flows, flows: 20_000, octets: Self.octets)
            #expect(other.packets.allSatisfy { $0 == 2 })
            #expect(closed.egress(of: ReplayTables.secondPort).overflow.isZero)
        }

        /// Of the plain engine's table a port gets its share over all CPUs; a flow of both is one.
        @Test func aFloodGetsItsShareOfThePlainTableAndNoMore() throws {
            let (each, others) = (20_000, 20_000)
            let tables = try ReplayTables(TableRequest(engine: .perCPUHash, flowBudget: 40_000, portShare: 0.5))
            var meter = try tables.meter()
            let directory = tables.directory
            for window in 1...2 {
                for cpu in 0..<2 {
                    try PinnedThread(on: cpu) {
                        let tables = try FlowTables.open(in: directory, rights: .readWrite)
                        var flood = try PacketSource(of: ReplayTables.port, on: tables, room: 2 * each)
                        // Half of the second CPU's flows are the first one's.
                        try flood.send(cpu * each / 2..<cpu * each / 2 + each)
                        var other = try PacketSource(of: ReplayTables.secondPort, on: tables, room: others)
                        try other.send(0..<others)
                    }.value()
                }
                let closed = try tables.close(&meter)
                let flood = FlowTally(of: ReplayTables.port, in: closed.flows, flows: 2 * each, octets: Self.octets)
                #expect(flood.packets.count { $0 > 0 } == 20_000, "window \(window)")
                #expect(flood.sum == UInt64(each + each / 2), "window \(window)")
                let totals = closed.egress(of: ReplayTables.port)
                #expect(totals.seen.packets == UInt64(2 * each) && totals.overflow.packets == UInt64(each / 2))
                let other = FlowTally(
                    of: ReplayTables.secondPort, in: closed.flows, flows: others, octets: Self.octets)
                #expect(other.packets.allSatisfy { $0 == 2 }, "window \(window)")
                #expect(closed.egress(of: ReplayTables.secondPort).overflow.isZero)
                try meter.release(closed)
            }
        }
    }
}

/// Two million new flows of a port on CPU 1, the steady ones of another on both, and a meter on CPU 0.
private struct Flood {
    static let steadyFlows = 64
    private static let flows = 2_000_000

    let metered: FloodMeter.Outcome
    private let steadyPasses: UInt64

    init(isPaced: Bool) throws {
        let tables = try ReplayTables(TableRequest())
        let directory = tables.directory
        let (listening, over, quiet) = (Signal(), Signal(), Signal())
        let meter = PinnedThread(on: 0) {
            try FloodMeter.run(on: directory, began: listening, until: quiet)
        }
        defer { quiet.give() }
        try waitUntil("the meter listens") { listening.isGiven }
        let steady = PinnedThread(on: 0) { try Self.sendSteadily(on: directory, until: over) }
        let flood = PinnedThread(on: 1) { try Self.send(on: directory, isPaced: isPaced) }
        let passes = Result { try flood.value() }
        over.give()
        let others = Result { try steady.value() }
        quiet.give()
        metered = try meter.value()
        steadyPasses = try passes.get() + others.get()
    }

    /// The other port's flows, once after the other, until the flood is over. Returns how often.
    private static func sendSteadily(on directory: PinDirectory, until over: Signal) throws -> UInt64 {
        let tables = try FlowTables.open(in: directory, rights: .readWrite)
        var source = try PacketSource(of: ReplayTables.secondPort, on: tables, room: steadyFlows)
        var passes: UInt64 = 0
        while !over.isGiven || passes == 0 {
            try source.send(0..<steadyFlows)
            passes += 1
            Thread.sleep(forTimeInterval: 0.001)
        }
        return passes
    }

    /// The new flows, some at a time and between them the other port's. Returns how often these.
    ///
    /// A sender that is paced never sends more than there is room for from the high water on, and waits for the meter there.
    private static func send(on directory: PinDirectory, isPaced: Bool) throws -> UInt64 {
        let tables = try FlowTables.open(in: directory, rights: .readWrite)
        let chunk = tables.geometry.portShare - tables.geometry.portHighWater
        var flood = try PacketSource(of: ReplayTables.port, on: tables, room: 2 * chunk)
        var steady = try PacketSource(of: ReplayTables.secondPort, on: tables, room: steadyFlows)
        var passes: UInt64 = 0
        for start in stride(from: 0, to: flows, by: chunk) {
            if isPaced {
                try waitUntil("the meter has swapped", within: .seconds(60)) { !tables.control.isFillingUp }
            }
            let part = start..<min(start + chunk, flows)
            try flood.send(part.flatMap { Array(repeating: UInt32($0), count: $0 % 3 == 0 ? 2 : 1) })
            try steady.send(0..<steadyFlows)
            passes += 1
        }
        return passes
    }

    /// What holds of every flood: nothing of the other port is missing, and the meter was woken once a generation.
    func check(parts: PartialRangeFrom<Int>) {
        let window = metered.window
        #expect(window.violations.isEmpty)
        #expect(parts.contains(window.parts) && window.parts == metered.swaps + 1)
        #expect([metered.swaps, metered.swaps + 1].contains(metered.rings), "\(metered.rings) rings")
        let octets = FrameForm.ipv4.count.octets
        let counted = FlowTally(of: ReplayTables.secondPort, in: window.flows, flows: Self.steadyFlows, octets: octets)
        #expect(counted.packets.allSatisfy { $0 == steadyPasses })
        let totals = window.egress(of: ReplayTables.secondPort)
        #expect(totals.overflow.isZero && totals.ip.packets == steadyPasses * UInt64(Self.steadyFlows))
        let overflow = window.egress(of: ReplayTables.port).overflow.packets
        print("flood: \(metered.swaps) early swaps, \(metered.rings) rings, overflow \(overflow) packets")
    }
}

/// The daemon's part: swaps early whenever programs ring.
private enum FloodMeter {
    struct Outcome: Sendable {
        let window: ClosedWindow
        let swaps: Int
        /// Events of programs.
        let rings: Int
    }

    static func run(on directory: PinDirectory, began: Signal, until quiet: Signal) throws -> Outcome {
        let start = ClockAnchor.now.monotonic
        func now() -> ClockAnchor { ReplayTables.now(since: start) }
        let tables = try FlowTables.open(in: directory, rights: .readWrite)
        let wakes = try MeterWakes(of: tables.maps)
        let number = tables.control.window
        var meter = FlowMeter(
            source: try KernelFlowSource(tables: tables), interval: .seconds(3600), openWindow: number, opened: now(),
            now: now())
        let bell = try Bell()
        var (swaps, rings) = (0, 0)
        began.give()
        while !quiet.isGiven {
            rings += bell.wait(atMost: .milliseconds(20), orFor: wakes)
            guard meter.source.tables.control.isFillingUp else { continue }
            try meter.swapEarly(at: now())
            swaps += 1
        }
        rings += bell.wait(atMost: .zero, orFor: wakes)
        let window = try #require(try meter.cutShort(at: now()))
        return Outcome(window: window, swaps: swaps, rings: rings)
    }
}
