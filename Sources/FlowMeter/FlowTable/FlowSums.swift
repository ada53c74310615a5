// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// How many flows there are, and what they add up to: what remains in memory of flows that are in the journal alone.
package struct FlowSums: Equatable, Sendable {
    /// A flow of several parts of a window is counted in each of them.
    package private(set) var flows = 0
    /// By `FlowTable.sumIndex`.
    private var counts: [PacketCount] = []

    package init() {}

    package mutating func add(_ table: borrowing FlowTable) {
        flows += table.count
        add(table.sums)
    }

    mutating func add(_ flow: CountedFlow) {
        flows += 1
        let index = FlowTable.sumIndex(flow.key)
        makeRoom(index + 1)
        counts[index] += flow.counters.count
    }

    package static func += (left: inout FlowSums, right: FlowSums) {
        left.flows += right.flows
        left.add(right.counts)
    }

    /// By port and direction; no entry where there are none.
    package var recorded: [PortSide: PacketCount] { FlowTable.recorded(counts) }

    private mutating func add(_ others: [PacketCount]) {
        makeRoom(others.count)
        for (index, count) in others.enumerated() { counts[index] += count }
    }

    private mutating func makeRoom(_ count: Int) {
        if count > counts.count { counts += Array(repeating: .zero, count: count - counts.count) }
    }
}
