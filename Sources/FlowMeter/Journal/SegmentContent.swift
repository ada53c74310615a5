// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What was found in a segment.
package struct SegmentContent: Sendable {
    package var parts: [JournaledPart] = []
    /// Whether the window's lines were printed already.
    package var isPrinted = false
    /// Stretches between frames that hold nothing whole.
    package var damages = 0
    /// Whether the last bytes are no frame: a writer was interrupted, or the file was cut.
    package var isTorn = false
    /// Where the last frame ends, in bytes.
    var end: Int64 = 0
    /// Where the last part that is closed ends.
    var closedEnd: Int64 = 0

    /// Whose parts these are; nil where no description is left.
    package var key: Journal.WindowKey? {
        parts.lazy.compactMap(\.description).first.map {
            Journal.WindowKey(installation: $0.installation, firstNumber: $0.firstNumber)
        }
    }

    /// Of the flows of all parts.
    var sums: FlowSums { parts.reduce(into: FlowSums()) { $0 += $1.sums } }

    package var isIntact: Bool { damages == 0 && !isTorn && parts.allSatisfy(\.isIntact) }

    /// Leaves out a last part that was not written in full.
    package mutating func dropUnclosedPart() {
        guard let last = parts.last, !last.isClosed else { return }
        parts.removeLast()
        end = closedEnd
    }

    /// Whether its window ended.
    package var isComplete: Bool { parts.last?.isClosed == true && parts.last?.description?.window.endReason != nil }
}

/// A part as it was found.
package struct JournaledPart: Sendable {
    /// Among the parts of the segment.
    let place: UInt32
    /// nil where both copies are damaged.
    package var description: PartDescription?
    /// Of the piece that was asked for.
    package var flows: FlowTable
    /// Of all flows, also those that were not asked for.
    package internal(set) var sums = FlowSums()
    /// Whether all of it was written.
    package var isClosed = false

    package var isIntact: Bool { isClosed && description?.flows == sums.flows }

    init(place: UInt32, flows: FlowTable) {
        self.place = place
        self.flows = flows
    }
}

extension JournaledPart {
    /// Hands the flows over, the only copy of them.
    mutating func takeFlows() -> FlowTable {
        var taken = FlowTable()
        swap(&taken, &flows)
        return taken
    }

    /// As the meter had it, with what is missing as overflow; nil where that is not known. It keeps no flows.
    package mutating func takePart() -> WindowPart? {
        guard let description else { return nil }
        let (totals, journaled) = (totals, flows.piece == .none ? sums : FlowSums())
        return WindowPart(
            window: description.window, firstNumber: description.firstNumber, anchor: description.anchor,
            flows: takeFlows(), totals: totals, samples: description.samples, journaled: journaled)
    }

    /// What its totals must say, so that all that was seen is accounted for: flows that are missing are overflow.
    package var totals: [PortSide: PortTotals] {
        guard let description else { return totalsOfFlows }
        guard !isIntact || description.flowsGivenUp > 0 else { return description.totals }
        let recorded = sums.recorded
        return description.totals.reduce(into: [:]) { result, entry in
            var totals = entry.value
            totals.overflow = totals.seen - totals.notIP - totals.malformed - (recorded[entry.key] ?? .zero)
            result[entry.key] = totals
        }
    }

    /// Without a description what else there was is not known.
    private var totalsOfFlows: [PortSide: PortTotals] {
        sums.recorded.mapValues { recorded in
            var totals = PortTotals()
            totals.seen = recorded
            totals.ip = recorded
            return totals
        }
    }
}
