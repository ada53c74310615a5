// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What is drained of a window that is not complete yet, and the storage that goes from window to window.
struct GatheredParts {
    var flows = FlowTable()
    private var totals: [PortSide: PortTotals] = [:]
    private var parts = 0

    /// Counts a part, whose flows were merged already.
    mutating func add(_ totals: [PortSide: PortTotals]) {
        self.totals.merge(totals, uniquingKeysWith: +)
        parts += 1
    }

    /// Hands everything over and begins anew, without storage until some is given back.
    mutating func close(_ window: Window, anchor: ClockAnchor) -> ClosedWindow {
        let closed = ClosedWindow(window: window, anchor: anchor, flows: flows, totals: totals, parts: parts)
        self = GatheredParts()
        return closed
    }

    /// Takes the storage of a window that was released, unless another window is being gathered already.
    mutating func reuse(_ flows: consuming FlowTable) {
        guard self.flows.isEmpty else { return }
        self.flows = flows
        self.flows.recycle()
    }
}
