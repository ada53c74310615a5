// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowBench
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

extension Replays {
    /// After 2^32 windows their numbers begin anew, and lines carry them from before.
    @Suite struct NumberWrapSuite {
        private static let flows = 100
        private static let room = 6 * flows

        /// Every window has flows of its own, and the flows that the window of its number had before: if a line from then
        /// were taken for alive, they would have counted before they were sent.
        @Test(arguments: FlowEngine.allCases)
        func nothingIsDoubledOrLostWhenTheNumbersWrap(_ engine: FlowEngine) throws {
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            let tables = try ReplayTables(TableRequest(engine: engine, flowBudget: 8000, portShare: 1))
            var source = try tables.source(room: Self.room)
            var before = try tables.meter()
            for number in 1...UInt32(6) {
                try source.send(Self.flows(of: number))
                let closed = try tables.close(&before)
                #expect(closed.window.number == number)
                #expect(closed.flows.count == Self.flows)
                try before.release(closed)
            }
            // The open window is odd, and so is this one: its generation is empty and its ticks begin where they did.
            try tables.change { $0.window = .max - 2 }
            var meter = try tables.meter()
            for number in [.max - 2, .max - 1, .max, 2, 3, 4, 5, 6, 7] as [UInt32] {
                try source.send(Self.flows(of: number))
                try source.send(Self.flows(of: number))
                let closed = try tables.close(&meter)
                #expect(closed.window.number == number)
                let counted = FlowTally(
                    of: ReplayTables.port, in: closed.flows, flows: 10 * Self.flows, octets: FrameForm.ipv4.count.octets
                )
                var expected = FlowTally(flows: 10 * Self.flows)
                for _ in 0..<2 { expected.add(Self.flows(of: number)) }
                #expect(counted == expected, "window \(number)")
                #expect(closed.flows.count == Self.flows, "window \(number)")
                try meter.release(closed)
            }
        }

        private static func flows(of number: UInt32) -> [UInt32] {
            let first = number % 10 * UInt32(flows)
            return Array(first..<first + UInt32(flows))
        }

        /// A port that took its share in a window of the same number, and has been silent since, gets it again.
        @Test func aPortsShareIsWholeAgainWhenTheNumbersWrap() throws {
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            let tables = try ReplayTables(TableRequest(flowBudget: 8000))
            let share = try tables.open().geometry.portShare
            var source = try tables.source(room: share)
            var meter = try tables.meter()
            for _ in 1..<4 { try tables.pass(&meter) }
            try source.send(0..<share)
            try tables.pass(&meter)
            try tables.change { $0.window = .max - 2 }
            meter = try tables.meter()
            for _ in 0..<5 { try tables.pass(&meter) }
            #expect(meter.openWindow.number == 4)
            try source.send(0..<share)
            let closed = try tables.close(&meter)
            #expect(closed.flows.count == share)
            #expect(closed.egress(of: ReplayTables.port).overflow.isZero)
        }
    }
}
