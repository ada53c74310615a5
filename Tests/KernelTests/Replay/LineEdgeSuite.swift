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
    /// Where the line engine's numbers end.
    @Suite struct LineEdgeSuite {
        private static let one = FrameForm.ipv4.count

        /// A line with so much counted that another packet has no room goes on in a second, and the record is the sum.
        @Test(arguments: [false, true])
        func aFullLineIsSealedAndItsFlowGoesOnExactly(packetsAreFull: Bool) throws {
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            let tables = try ReplayTables(TableRequest(flowBudget: 1000, portShare: 1))
            var meter = try tables.meter()
            var source = try tables.source(room: 64)
            // Of other flows, so that the second line is not simply the next.
            try source.send(0..<64)
            let (octets, packets) = try Self.fill(tables, flow: 5, packetsAreFull: packetsAreFull)
            for _ in 0..<7 { try source.send([5, 6, 5]) }

            let opened = try tables.open()
            #expect(try opened.load()[0].lines == 65)
            let closed = try #require(try meter.cutShort(at: tables.now))
            #expect(closed.flows.count == 64)
            for (key, counters) in closed.flows {
                // What was planted took the place of the first packet of flow 5.
                let sent: UInt64 =
                    switch FrameForm.flow(of: key) {
                    case 5: 2 * 7
                    case 6: 1 + 7
                    default: 1
                    }
                let isFull = FrameForm.flow(of: key) == 5
                let planted = isFull ? PacketCount(packets: packets, octets: octets) : .zero
                #expect(counters.count == planted + PacketCount(packets: sent, octets: sent * Self.one.octets))
            }
            #expect(closed.egress(of: ReplayTables.port).overflow.isZero)
        }

        /// Leaves room for two packets by one of the counters. What the line then holds.
        private static func fill(
            _ tables: ReplayTables, flow: Int, packetsAreFull: Bool
        ) throws -> (octets: UInt64, packets: UInt64) {
            let lines: MappedArray<weir_line> = try tables.memory(of: WEIR_MAP_LINES)
            let port = FrameForm.ipv4.source(of: UInt32(flow)).port
            let found = (0..<lines.count).filter {
                lines[$0].key.window == 1 && lines[$0].key.src_port == port.bigEndian
            }
            let index = try #require(found.first)
            #expect(found.count == 1)
            let (bits, width) = (UInt64(WEIR_LINE_BITS), UInt64(WEIR_LINE_PACKETS))
            let octets = packetsAreFull ? 1_000_000 : UInt64(1) << (64 - bits) - 1 - 2 * one.octets
            let packets = packetsAreFull ? UInt64(1) << width - 1 - 2 : 1000
            var line = lines[index]
            line.octets_bits = octets << bits | line.octets_bits & (1 << bits - 1)
            line.packets_last = packets | (line.packets_last >> width) << width
            lines[index] = line
            return (octets, packets)
        }

        /// Beyond 2^24 ticks a line's last time is in units of 256; the first is not.
        @Test func aWindowOfDaysKeepsItsTimes() throws {
            let tables = try ReplayTables(TableRequest(flowBudget: 1000))
            var meter = try tables.meter()
            let ticks: UInt32 = 1 << 24 + 12_345
            let back = UInt64(ticks) * UInt64(KernelTick.length.wholeNanoseconds)
            let tooEarly = ClockAnchor.now.monotonic.nanoseconds < back
            try tables.change { control in
                control.opened.1.jiffies &-= ticks
                // A machine that was started later than that: its times count from before it, the arithmetic is the same.
                control.opened.1.monotonic_ns &-= tooEarly ? 0 : back
            }
            let offset = tooEarly ? Duration.nanoseconds(Int64(back)) : .zero
            var source = try tables.source(room: 10)
            let begin = KernelTick.now.advanced(by: offset)
            try source.send(0..<10)
            try source.send(0..<10)
            let end = KernelTick.now.advanced(by: offset)
            let closed = try tables.close(&meter)
            #expect(closed.flows.count == 10)
            for counters in closed.flows.values {
                #expect(counters.count == Self.one + Self.one)
                #expect(counters.first >= begin.advanced(by: .zero - KernelTick.tolerance))
                #expect(counters.first <= end.advanced(by: KernelTick.tolerance))
                #expect(counters.last >= begin.advanced(by: .zero - KernelTick.length * 256 - KernelTick.tolerance))
                #expect(counters.last <= end.advanced(by: KernelTick.tolerance))
            }
        }

        @Test func aCPUWithoutATableCountsIntoOverflow() throws {
            let tables = try FlowTables.create(TableGeometry(engine: .line, flowBudget: 1000, portShare: 1, cpus: 1))
            _ = try tables.maps.addWithoutInterface(ReplayTables.port, role: .guest)
            var source = try PacketSource(of: ReplayTables.port, on: tables, room: 500)
            for cpu in [1, 0, 1] {
                let ownCPU = try ThreadPlacement(on: cpu)
                defer { ownCPU.end() }
                try source.send(0..<500)
            }
            var meter = FlowMeter(
                source: try KernelFlowSource(tables: tables), interval: .seconds(3600), openWindow: 1, opened: .now,
                now: .now)
            let closed = try #require(try meter.cutShort(at: .now))
            #expect(closed.violations.isEmpty)
            #expect(closed.flows.count == 500)
            #expect(closed.flows.values.allSatisfy { $0.count == Self.one })
            #expect(closed.egress(of: ReplayTables.port).overflow.packets == 1000)
        }

        /// A search looks at 64 lines: of a table of 64 it finds most, never more, and what it does not find is counted.
        @Test func theSmallestTableOverflowsExactly() throws {
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            let tables = try ReplayTables(TableRequest(flowBudget: 1, portShare: 1))
            var meter = try tables.meter()
            var source = try tables.source(room: 1000)
            for _ in 0..<3 { try source.send(0..<1000) }
            #expect(try tables.open().geometry.lines == 64)
            let load = try tables.open().load()[0]
            let closed = try tables.close(&meter)
            #expect(closed.flows.count == load.lines && (32...64).contains(load.lines))
            #expect(load.probes <= 64 * load.lines)
            #expect(closed.flows.values.allSatisfy { $0.count.packets == 3 })
            #expect(closed.egress(of: ReplayTables.port).overflow.packets == UInt64(3 * (1000 - load.lines)))
        }

        /// The same flows of two ports in both directions are four flows each, in one table that they fill to its high water.
        @Test(arguments: FlowEngine.allCases)
        func twoPortsAndBothDirectionsShareATableExactly(_ engine: FlowEngine) throws {
            let tables = try ReplayTables(TableRequest(engine: engine, flowBudget: 8000, portShare: 1))
            var meter = try tables.meter()
            let directory = tables.directory
            let each = try tables.open().geometry.highWater / 4
            for port in [ReplayTables.port, ReplayTables.secondPort] {
                for kind in [ProgramKind.tcFromPort, .tcToPort, .xdpFromPort] {
                    try PinnedThread(on: 0) {
                        let tables = try FlowTables.open(in: directory, rights: .readWrite)
                        var source = try PacketSource(through: kind, of: port, on: tables, room: each)
                        for _ in 0..<Int(port.rawValue) { try source.send(0..<each) }
                    }.value()
                }
            }
            let closed = try tables.close(&meter)
            #expect(closed.flows.count == 4 * each)
            for (key, counters) in closed.flows {
                // XDP sees what TC sees, once more.
                let packets = UInt64(key.port.rawValue) * (key.direction == .egress ? 2 : 1)
                #expect(counters.count.packets == packets)
            }
            #expect(closed.totals.values.allSatisfy { $0.overflow.isZero })
        }
    }
}
