// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What one generation of the tables held when it was drained: a whole window, or, after early swaps, a part of it.
package struct WindowPart: Sendable {
    /// Its number is the part's own. Without an end reason it ends where it was swapped, and its window goes on.
    package var window: Window
    /// Number of the window's first part; of a window that is in one part, its own.
    package var firstNumber: UInt32
    package var anchor: ClockAnchor
    package var flows: FlowTable
    package var totals: [PortSide: PortTotals]
    package var samples: FrameSamples

    package init(
        window: Window, firstNumber: UInt32, anchor: ClockAnchor, flows: FlowTable, totals: [PortSide: PortTotals],
        samples: FrameSamples = [:]
    ) {
        self.window = window
        self.firstNumber = firstNumber
        self.anchor = anchor
        self.flows = flows
        self.totals = totals
        self.samples = samples
    }

    /// Whether its window ends with it.
    package var isLast: Bool { window.endReason != nil }

    /// Whether anything was counted at all.
    package var isEmpty: Bool { flows.isEmpty && totals.values.allSatisfy { $0.seen.isZero } }
}
