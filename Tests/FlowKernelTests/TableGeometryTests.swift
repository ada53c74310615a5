// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Testing

@Suite struct TableGeometryTests {
    private static func standard(cpus: Int, engine: FlowEngine = .line) -> TableGeometry {
        TableGeometry(engine: engine, flowBudget: TableRequest.defaultFlowBudget, cpus: cpus)
    }

    private static func bytesPerFlow(cpus: Int, engine: FlowEngine = .line) -> Double {
        Double(standard(cpus: cpus, engine: engine).tableBytes) / Double(TableRequest.defaultFlowBudget)
    }

    @Test(arguments: [1, 2, 64, 256])
    func aFlowOfTheDefaultBudgetTakesAtMost192Bytes(cpus: Int) {
        let bytes = Self.bytesPerFlow(cpus: cpus)
        print("\(cpus) CPUs: \(bytes) bytes a flow of the default budget")
        #expect(bytes <= 192)
    }

    @Test func memoryHardlyDependsOnTheCPUs() {
        let few = Self.bytesPerFlow(cpus: 2)
        #expect(abs(Self.bytesPerFlow(cpus: 256) - few) < few / 100)
        // What it is compared with.
        let plain = FlowEngine.perCPUHash
        #expect(Self.bytesPerFlow(cpus: 256, engine: plain) > 50 * Self.bytesPerFlow(cpus: 2, engine: plain) / 2)
    }

    /// A line of 64 bytes and an entry of 24 for a part of the budget and a sixteenth, a head of 64, two generations.
    @Test func memoryIsLinesEntriesAndHeadsOfBothGenerations() {
        let geometry = TableGeometry(engine: .line, flowBudget: 16_000, cpus: 4)
        #expect(geometry.lines == 4000 + 250)
        #expect(geometry.tableBytes == 2 * 4 * (4250 * (64 + 24) + 64))
    }

    @Test(arguments: [1, 2, 3, 7, 64, 256], [1, 63, 64, 1000, 262_144, 16_777_216])
    func allCPUsTogetherHaveRoomForTheBudget(cpus: Int, budget: Int) {
        let geometry = TableGeometry(engine: .line, flowBudget: budget, cpus: cpus)
        #expect(geometry.lines * cpus >= budget + budget / 16)
        #expect(geometry.lines >= 64, "the longest search stays within the table")
    }

    @Test(arguments: [1, 2, 64, 256])
    func theMeterIsWokenAtSevenTenths(cpus: Int) {
        let geometry = Self.standard(cpus: cpus)
        #expect(geometry.highWater == geometry.lines * 7 / 10)
        #expect(geometry.portHighWater == geometry.portShare * 7 / 10)
    }

    @Test(arguments: [(0.25, 1088), (0.5, 2176), (1, 4352), (0.000_01, 1)] as [(Double, Int)])
    func onePortTakesNoMoreThanItsShare(share: Double, lines: Int) {
        let geometry = TableGeometry(engine: .line, flowBudget: 4096, portShare: share, cpus: 1)
        #expect(geometry.lines == 4352)
        #expect(geometry.portShare == lines)
        #expect(geometry.portHighWater >= 1 && geometry.portHighWater <= lines)
    }

    @Test(arguments: FlowEngine.allCases, [1, 2, 64, 256])
    func theLargestBudgetFitsAndItsSuccessorDoesNot(engine: FlowEngine, cpus: Int) {
        for limit: UInt64 in [3_000_000, 48_000_001, 1 << 30, 1 << 36] {
            let largest = TableGeometry.largestBudget(engine: engine, cpus: cpus, fitting: limit)
            #expect(largest > 0)
            let fitting = TableGeometry(engine: engine, flowBudget: largest, cpus: cpus)
            let next = TableGeometry(engine: engine, flowBudget: largest + 1, cpus: cpus)
            #expect(fitting.tableBytes <= limit && next.tableBytes > limit, "\(limit) bytes")
        }
    }

    @Test func noBudgetFitsWhereTheSmallestTableDoesNot() {
        let smallest = TableGeometry(engine: .line, flowBudget: 1, cpus: 2).tableBytes
        #expect(TableGeometry.largestBudget(engine: .line, cpus: 2, fitting: smallest - 1) == 0)
        #expect(TableGeometry.largestBudget(engine: .line, cpus: 2, fitting: smallest) >= 1)
        #expect(TableGeometry.largestBudget(engine: .line, cpus: 2, fitting: 0) == 0)
    }
}
