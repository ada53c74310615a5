// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import Testing

/// The sum over windows, and what must be true of each of them.
struct WindowTally {
    private(set) var windows = 0
    private(set) var counts: [FlowKey: PacketCount] = [:]
    private(set) var totals: [PortSide: PortTotals] = [:]
    /// Windows in which anything was counted.
    private(set) var busyWindows = 0
    /// Windows that did not reach their edge.
    private(set) var forcedWindows = 0
    private(set) var last: Window?

    mutating func add(_ closed: ClosedWindow) {
        #expect(closed.violations.isEmpty)
        if let last {
            #expect(closed.window.number == Window.number(after: last.number), "no window twice, none left out")
        }
        last = closed.window
        windows += 1
        if closed.window.endReason == .forcedEnd { forcedWindows += 1 }
        if !closed.isEmpty { busyWindows += 1 }
        for (key, counters) in closed.flows { counts[key, default: .zero] += counters.count }
        for (side, sum) in closed.totals { totals[side, default: PortTotals()] += sum }
    }

    func seen(_ port: PortNumber, _ direction: Direction) -> PortTotals {
        totals[PortSide(port: port, direction: direction)] ?? PortTotals()
    }
}
