// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What is drained of a window that is not complete yet, and the storage that goes from window to window.
struct GatheredParts {
    /// More flows of a window are not kept in memory: the journal has them.
    let mostFlows: Int
    private var flows = FlowTable()
    private var journaled = FlowSums()
    private var totals: [PortSide: PortTotals] = [:]
    private var samples: FrameSamples = [:]
    private var parts = 0
    /// Empty, for the part that is drained next.
    private var spare: FlowTable?

    init(mostFlows: Int = .max) { self.mostFlows = mostFlows }

    /// An empty table, with the storage of one that was given back.
    mutating func takeStorage() -> FlowTable { spare.take() ?? FlowTable() }

    /// Adds a part and takes its flows; where they are the first, their storage as well.
    ///
    /// - Parameter journaled: the flows of the part that are in the journal alone.
    mutating func add(
        _ flows: consuming FlowTable, _ totals: [PortSide: PortTotals], _ samples: FrameSamples = [:],
        journaled: FlowSums = FlowSums()
    ) {
        self.journaled += journaled
        if self.journaled.flows > 0 || self.flows.count + flows.count > mostFlows {
            self.journaled.add(self.flows)
            self.journaled.add(flows)
            self.flows = FlowTable()
        } else if self.flows.isEmpty {
            swap(&self.flows, &flows)
        } else {
            self.flows.merge(flows.records.span)
        }
        reuse(flows)
        if self.totals.isEmpty { self.totals = totals } else { self.totals.merge(totals, uniquingKeysWith: +) }
        // The first of a window is kept.
        self.samples.merge(samples) { $0.merging($1) { first, _ in first } }
        parts += 1
    }

    /// Hands everything over and begins anew.
    mutating func close(_ window: Window, anchor: ClockAnchor) -> ClosedWindow {
        let closed = ClosedWindow(
            window: window, anchor: anchor, flows: flows, totals: totals, samples: samples, parts: parts,
            journaled: journaled)
        flows = FlowTable()
        journaled = FlowSums()
        totals = [:]
        samples = [:]
        parts = 0
        return closed
    }

    /// Takes the storage of flows that are not needed any more, unless there is as much already.
    mutating func reuse(_ flows: consuming FlowTable) {
        flows.recycle()
        if flows.capacity > spare?.capacity ?? 0 || spare == nil { spare = flows }
    }
}
