// SPDX-License-Identifier: Apache-2.0

import FlowKernel
package import Host
import Logging

/// How many flows the daemon merges at a time, from the memory that its control group leaves it.
package struct MemoryPlan: Equatable, Sendable {
    /// `Int.max` where nothing limits the memory.
    package let mostFlows: Int
    private let limit: MemoryLimit?

    /// Fewer at a time cost more passes over a window than they save memory.
    private static let fewestFlows = 4096
    /// Of a flow in all tables that can be full at a time: the part that is merged, the window so far, its storage, two
    /// windows that wait for the publisher and one that it has; 112 bytes and 21 of index, at most, in each.
    private static let bytesPerFlow: UInt64 = 800

    /// - Parameter limit: as it is when the tables are there and the daemon has begun.
    package init(_ limit: MemoryLimit?) {
        self.limit = limit
        mostFlows = limit.map { max(Self.fewestFlows, Self.flows(in: $0.room)) } ?? .max
    }

    /// Half of the room is for what grows beside: lines on their way to a file, what compresses them, verdicts, what malloc keeps.
    private static func flows(in room: UInt64) -> Int { Int(clamping: room / 2 / bytesPerFlow) }

    private func megabytes(for flows: Int) -> UInt64 {
        ((limit?.used ?? 0) + UInt64(flows) * Self.bytesPerFlow * 2) >> 20 + 1
    }

    /// What an operator should know; nil where windows that fill tables for so many flows are merged at once.
    package func advice(flowBudget: Int) -> Advice? {
        guard let limit, mostFlows < flowBudget else { return nil }
        let leaves = "the memory limit of \(limit.bytes >> 20) MB (\(limit.file)) leaves \(limit.room >> 20) MB"
        let more = "a limit of \(megabytes(for: flowBudget)) MB merges windows of \(flowBudget) flows at once"
        guard Self.flows(in: limit.room) < Self.fewestFlows else {
            return .slower(
                "\(leaves): windows of more than \(mostFlows) flows are merged in pieces, which takes longer; \(more)")
        }
        return .tooLittle(
            """
            \(leaves), which is too little to merge \(mostFlows) flows at a time: the kernel may kill the daemon, and the next \
            one takes the same window up again; \(megabytes(for: mostFlows)) MB is enough to go on, and \(more)
            """)
    }

    /// Tells the log what an operator should know.
    func tell(_ logger: Logger, flowBudget: Int) {
        switch advice(flowBudget: flowBudget) {
        case .slower(let text): logger.notice("\(text)")
        case .tooLittle(let text): logger.warning("\(text)")
        case nil: break
        }
    }

    package enum Advice: Equatable, Sendable {
        case slower(String)
        case tooLittle(String)
    }
}
