// SPDX-License-Identifier: Apache-2.0

import FlowMeter
package import FlowModel

/// A published window in a line.
package struct WindowSummary: Equatable, Sendable {
    package let window: Window
    package let ports: Int
    /// Where they are too many for the memory, a flow of several early swaps is counted for each.
    package let flows: Int
    package let seen: PacketCount
    package let overflow: PacketCount

    init(_ closed: borrowing ClosedWindow) {
        window = closed.window
        ports = Set(closed.totals.keys.map(\.port)).count
        flows = closed.sums.flows
        seen = closed.totals.values.reduce(.zero) { $0 + $1.seen }
        overflow = closed.totals.values.reduce(.zero) { $0 + $1.overflow }
    }
}
