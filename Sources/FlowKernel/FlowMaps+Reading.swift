// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowMeter
import FlowModel

extension FlowMaps {
    /// What the port saw in the windows of one generation since it was attached.
    func totals(of side: PortSide, generationOf window: UInt32) throws(KernelError) -> PortTotals {
        let index = Self.totalsIndex(of: side, window: window)
        return try totals.valuesPerCPU(of: index, initial: weir_totals()).reduce(PortTotals()) { $0 + PortTotals($1) }
    }

    /// What of it was drained, and so belongs to windows before this one.
    func drainedTotals(of side: PortSide, generationOf window: UInt32) throws(KernelError) -> PortTotals {
        let index = Self.totalsIndex(of: side, window: window)
        return PortTotals(try drained.value(of: index, initial: weir_totals()) ?? weir_totals())
    }

    /// What the port saw in this window alone.
    func totals(of side: PortSide, in window: UInt32) throws(KernelError) -> PortTotals {
        try totals(of: side, generationOf: window) - drainedTotals(of: side, generationOf: window)
    }

    /// What the port saw since it was attached.
    func lifetimeTotals(of side: PortSide) throws(KernelError) -> PortTotals {
        try totals(of: side, generationOf: 0) + totals(of: side, generationOf: 1)
    }

    /// Notes that all of the window's totals are drained.
    func setDrained(_ side: PortSide, in window: UInt32) throws(KernelError) {
        let now = try totals(of: side, generationOf: window)
        try drained.set(weir_totals(now), of: Self.totalsIndex(of: side, window: window))
    }

    /// Forgets what a port of that number counted before: called when the number is given out again.
    func clearTotals(of port: PortNumber) throws(KernelError) {
        for side in Direction.allCases.map({ PortSide(port: port, direction: $0) }) {
            for window in 0..<UInt32(WEIR_GENERATIONS) {
                let index = Self.totalsIndex(of: side, window: window)
                try totals.setPerCPU(weir_totals(), of: index)
                try drained.set(weir_totals(), of: index)
            }
        }
    }
}
