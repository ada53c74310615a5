// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What one generation of the tables held when it was drained: a whole window, or, after early swaps, a part of it.
package struct WindowPart: Sendable {
    /// Its number is the part's own. Without an end reason it ends where it was swapped, and its window goes on.
    package var window: Window
    /// Number of the window's first part; of a window that is in one part, its own.
    package var firstNumber: UInt32
    package var anchor: ClockAnchor
    /// Empty where there are several pieces.
    package var flows: FlowTable
    package var totals: [PortSide: PortTotals]
    package var samples: FrameSamples
    /// 1, or in how many pieces the flows are to be taken from the source, since there are too many for the memory.
    package var pieces: Int
    /// The flows that are in the journal and not in memory.
    package var journaled: FlowSums

    package init(
        window: Window, firstNumber: UInt32, anchor: ClockAnchor, flows: FlowTable, totals: [PortSide: PortTotals],
        samples: FrameSamples = [:], pieces: Int = 1, journaled: FlowSums = FlowSums()
    ) {
        self.window = window
        self.firstNumber = firstNumber
        self.anchor = anchor
        self.flows = flows
        self.totals = totals
        self.samples = samples
        self.pieces = pieces
        self.journaled = journaled
    }

    /// Whether its window ends with it.
    package var isLast: Bool { window.endReason != nil }

    /// Whether anything was counted at all.
    package var isEmpty: Bool {
        flows.isEmpty && pieces == 1 && journaled.flows == 0 && totals.values.allSatisfy { $0.seen.isZero }
    }
}
