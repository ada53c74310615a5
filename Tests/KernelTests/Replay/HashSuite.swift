// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowBench
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

extension Replays {
    /// A guest that chooses its flows so that they collide.
    @Suite struct HashSuite {
        private static let flows = 100_000
        private static let chunk = 50_000

        /// What is known of the hash is what the kernel computes: every line is where it must be, found in as many steps.
        @Test(arguments: [1, 2, 3])
        func linesLieWhereTheHashAndTheProbingPutThem(seed: UInt64) throws {
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            let tables = try ReplayTables(TableRequest(flowBudget: 4096, portShare: 1))
            var generator = SplitMix64(seed: seed)
            let hash = LineHash(seed: (0..<11).map { _ in generator.next() })
            try tables.setSeed(hash.seed)
            let flows = Self.anyFlows(1800, using: &generator)
            var source = try tables.source(room: flows.count)
            try source.send(flows)

            let opened = try tables.open()
            let (lines, cpus) = (opened.geometry.lines, opened.geometry.cpus)
            var model = LineModel(lines: lines)
            let expected = flows.map { flow in
                model.place(home: hash.home(LineHash.pieces(ofReplayed: flow, port: 7), lines: lines))
            }
            // The first window is of the odd generation.
            let log = cpus * lines
            let entries: MappedArray<weir_line_entry> = try tables.memory(of: WEIR_MAP_LINE_ENTRIES)
            #expect((0..<flows.count).map { Int(entries[log + $0].line) } == expected)
            let load = try opened.load()[0]
            #expect(load.lines == flows.count && load.probes == model.probes)
        }

        /// Without a seed what is multiplied by a zero does not count: all that differ in a quarter of their source alone,
        /// and whose destination has zero there, begin their search in the same pair.
        @Test func flowsThatCollideUnderAZeroSeedDoNotUnderARandomOne() throws {
            let zero = LineHash(seed: Array(repeating: 0, count: 11))
            let colliding = (0..<UInt32(Self.flows)).map { $0 << 6 }
            let homes = Set(colliding.map { zero.home(LineHash.pieces(ofReplayedToZero: $0, port: 7), lines: 1 << 17) })
            #expect(homes.count == 1)
            let one = LineHash(seed: Array(repeating: 1, count: 11))
            #expect(Set(colliding.map { one(LineHash.pieces(ofReplayedToZero: $0, port: 7)) }).count == Self.flows)

            let attack = try Self.replay(colliding, .toZero, seed: zero.seed)
            #expect(attack.load.lines == 64 && attack.load.probes == 64 * 65 / 2, "a line more each search, until 64")
            #expect(attack.overflow == UInt64(Self.flows - 64))

            var generator = SplitMix64(seed: 2026)
            let usual = try Self.replay(Self.anyFlows(Self.flows, using: &generator), seed: nil)
            let defended = try Self.replay(colliding, .toZero, seed: nil)
            print("probes a new flow: \(usual.mean) for random flows, \(defended.mean) for colliding ones")
            for run in [usual, defended] {
                #expect(run.overflow == 0)
                #expect(run.load.lines == Self.flows)
            }
            #expect(defended.mean <= 1.1 * usual.mean)
        }

        /// Keys in rows, as scans make them, and 64 of each address.
        @Test func flowsInRowsProbeLikeRandomOnes() throws {
            var generator = SplitMix64(seed: 7)
            let usual = try Self.replay(Self.anyFlows(Self.flows, using: &generator), seed: nil)
            for step: UInt32 in [1, 2, 64, 1 << 10, 1 << 13] {
                let row = try Self.replay((0..<UInt32(Self.flows)).map { $0 * step }, seed: nil)
                #expect(row.overflow == 0 && row.load.lines == Self.flows, "every \(step)th")
                #expect(row.mean <= 1.1 * usual.mean, "every \(step)th")
            }
        }

        /// That many flows, none twice.
        private static func anyFlows(_ count: Int, using generator: inout SplitMix64) -> [UInt32] {
            var flows: Set<UInt32> = []
            while flows.count < count {
                flows.insert(UInt32.random(in: 0..<UInt32(FlowSequence.flowLimit), using: &generator))
            }
            return flows.shuffled(using: &generator)
        }

        private struct Run {
            let load: TableLoad
            let overflow: UInt64

            var mean: Double { Double(load.probes) / Double(load.lines) }
        }

        /// Sends a packet of each on one CPU, whose table becomes three quarters full; nil takes a random seed.
        private static func replay(_ flows: [UInt32], _ form: FrameForm = .ipv4, seed: [UInt64]?) throws -> Run {
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            let tables = try ReplayTables(TableRequest(flowBudget: 125_000 * ThreadCPU.online, portShare: 1))
            if let seed { try tables.setSeed(seed) }
            var meter = try tables.meter()
            var source = try tables.source(form, room: chunk)
            for start in stride(from: 0, to: flows.count, by: chunk) {
                try source.send(Array(flows[start..<min(start + chunk, flows.count)]))
            }
            let load = try tables.open().load()[0]
            let closed = try tables.close(&meter)
            return Run(load: load, overflow: closed.egress(of: ReplayTables.port).overflow.packets)
        }
    }
}

extension FrameForm {
    /// IPv6 to an address whose last quarter is zero.
    fileprivate static let toZero = FrameForm(
        "IPv6 to zero", internet: 1, version: .v6,
        [.ethernet(), .ipv6(from: "2001:db8::", to: "2001:db8::"), .tcp(from: 1, to: 443)])
}

extension ReplayTables {
    /// For programs that are loaded from now on.
    fileprivate func setSeed(_ seed: [UInt64]) throws {
        try change { control in
            control.table.seed = (
                seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7], seed[8], seed[9], seed[10]
            )
        }
    }
}
