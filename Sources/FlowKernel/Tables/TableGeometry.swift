// SPDX-License-Identifier: Apache-2.0

import CWeirABI
package import FlowModel

/// How large the flow tables are: all of it follows from the number of flows that a window is to have room for.
///
/// The line engine divides that number over the CPUs. A CPU that sees more than its part reaches its high water early,
/// and the meter empties it: so its memory does not grow with the CPUs, and unevenness costs swaps, not flows.
package struct TableGeometry: Equatable, Sendable {
    package let engine: FlowEngine
    /// Flows that a window has room for, where the CPUs share them evenly.
    ///
    /// Without an early swap, of a table as full as that 7 in 10,000 flows find none of the lines that they look at
    /// free (simulated; up to nine tenths of it fewer than 1 in 100,000), and go to overflow.
    package let flowBudget: Int
    /// CPUs with a table of their own: those numbered below this. The line engine's, as all that follows.
    package let cpus: Int
    /// Lines of one CPU in one generation: an even number, since they lie in pairs.
    package let lines: Int
    /// Lines in use at which the meter is woken.
    package let highWater: Int
    /// Lines that one port can take; of the plain engine, flows on all CPUs together.
    package let portShare: Int
    /// Of these, lines in use at which the meter is woken.
    package let portHighWater: Int

    /// - Parameter portShare: the part of each CPU's table that one port can take, above 0 and up to 1.
    package init(engine: FlowEngine, flowBudget: Int, portShare: Double = TableRequest.defaultPortShare, cpus: Int) {
        precondition(flowBudget > 0 && cpus > 0 && portShare > 0 && portShare <= 1)
        self.engine = engine
        self.flowBudget = flowBudget
        self.cpus = cpus
        let part = (flowBudget + cpus - 1) / cpus
        let wanted = part + (part + Self.skewDivisor - 1) / Self.skewDivisor
        lines = max(Int(WEIR_LINE_PROBES), wanted + wanted % 2)
        highWater = Self.mark(in: lines)
        let shared = engine == .line ? lines : flowBudget
        self.portShare = max(1, Int(Double(shared) * portShare))
        portHighWater = Self.mark(in: self.portShare)
    }

    /// A sixteenth more than an even part, for what chance does to it.
    private static let skewDivisor = 16

    /// Seven tenths.
    private static func mark(in room: Int) -> Int { max(1, room * 7 / 10) }
}

extension TableGeometry {
    /// Memory of the flow table, both generations, in bytes; for the line engine exact but for the rounding to pages.
    package var tableBytes: UInt64 {
        switch engine {
        case .line:
            let perLine = MemoryLayout<weir_line>.stride + MemoryLayout<weir_line_entry>.stride
            let perCPU = lines * perLine + MemoryLayout<weir_line_head>.stride
            return UInt64(Int(WEIR_GENERATIONS) * cpus * perCPU)
        case .perCPUHash:
            // The kernel's element, the key, a pointer, a bucket; and a slot for each possible CPU (facts: 112 + n × CPUs).
            let perFlow = 112 + cpus * MemoryLayout<weir_slot>.stride
            return UInt64(Int(WEIR_GENERATIONS) * flowBudget * perFlow)
        }
    }

    /// The largest budget whose table takes at most that many bytes; 0 where none does.
    package static func largestBudget(
        engine: FlowEngine, portShare: Double = TableRequest.defaultPortShare, cpus: Int, fitting limit: UInt64
    ) -> Int {
        func fits(_ budget: Int) -> Bool {
            TableGeometry(engine: engine, flowBudget: budget, portShare: portShare, cpus: cpus).tableBytes <= limit
        }
        guard fits(1) else { return 0 }
        var fitting = 1
        var tooLarge = Int(clamping: limit)
        while tooLarge - fitting > 1 {
            let middle = fitting + (tooLarge - fitting) / 2
            if fits(middle) { fitting = middle } else { tooLarge = middle }
        }
        return fitting
    }
}

extension TableGeometry {
    init?(_ table: weir_table) {
        guard let engine = FlowEngine(abi: table.engine) else { return nil }
        self.engine = engine
        flowBudget = Int(table.flow_budget)
        cpus = Int(table.cpus)
        lines = Int(table.lines)
        highWater = Int(table.high_water)
        portShare = Int(table.port_share)
        portHighWater = Int(table.port_high_water)
    }

    /// - Parameter seed: of the hash; secret.
    func abi(seed: HashSeed) -> weir_table {
        weir_table(
            cpus: UInt32(cpus), pairs: UInt32(lines / 2), seed: seed.words, lines: UInt32(lines),
            high_water: UInt32(highWater), port_share: UInt32(portShare), port_high_water: UInt32(portHighWater),
            engine: engine.abi, flow_budget: UInt32(flowBudget))
    }
}
