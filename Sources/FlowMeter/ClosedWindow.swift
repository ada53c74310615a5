// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// All that was counted in one window, merged over the CPUs and over its parts.
package struct ClosedWindow: Sendable {
    /// Its number is that of the last part: what the source still holds.
    package var window: Window
    package var anchor: ClockAnchor
    /// Empty where they are in the journal alone.
    package var flows: FlowTable
    /// The flows that are in the journal and not in memory.
    package var journaled: FlowSums
    package var totals: [PortSide: PortTotals]
    package var samples: FrameSamples
    /// How often its counters were drained: 1, and 1 more for each early swap.
    package var parts: Int

    package init(
        window: Window, anchor: ClockAnchor, flows: FlowTable, totals: [PortSide: PortTotals],
        samples: FrameSamples = [:], parts: Int = 1, journaled: FlowSums = FlowSums()
    ) {
        self.window = window
        self.anchor = anchor
        self.flows = flows
        self.totals = totals
        self.samples = samples
        self.parts = parts
        self.journaled = journaled
    }

    /// Whether anything was counted at all.
    package var isEmpty: Bool { sums.flows == 0 && totals.values.allSatisfy { $0.seen.isZero } }

    /// Of all flows, wherever they are.
    package var sums: FlowSums {
        var sums = journaled
        sums.add(flows)
        return sums
    }
}

/// A port whose frames are not all accounted for. There must be none.
package struct ConservationViolation: Equatable, Sendable, CustomStringConvertible {
    package let side: PortSide
    package let totals: PortTotals
    /// What the flow records of this port and direction add up to.
    package let recorded: PacketCount

    /// Packets that are in one of the sums and not in the other; at least one, where only octets differ.
    package var packets: UInt64 {
        let (seen, explained) = (totals.seen.packets, explained.packets)
        return max(1, max(seen, explained) - min(seen, explained))
    }

    private var explained: PacketCount { recorded + totals.overflow + totals.notIP + totals.malformed }

    package var description: String {
        """
        port \(side.port.rawValue) \(side.direction): seen \(totals.seen.packets) packets and \(totals.seen.octets) octets, \
        explained \(explained.packets) and \(explained.octets)
        """
    }
}

extension ClosedWindow {
    /// Checks the conservation law: seen = in flow records + overflow + not IP + malformed, exactly.
    package var violations: [ConservationViolation] {
        let recorded = sums.recorded
        return Set(totals.keys).union(recorded.keys).compactMap { side in
            let totals = totals[side] ?? PortTotals()
            let recorded = recorded[side] ?? .zero
            if totals.obeysConservation(recorded: recorded) { return nil }
            return ConservationViolation(side: side, totals: totals, recorded: recorded)
        }
    }
}
