// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel

extension FlowMaps {
    /// What the port saw in this window alone, in both directions.
    func totals(of port: RegisteredPort, in window: UInt32) throws(KernelError) -> DirectionTotals {
        let counts = try counts.counts(of: port)
        return DirectionTotals(
            ingress: counts.seen(.ingress, in: window), egress: counts.seen(.egress, in: window))
    }

    /// What the port saw since it was attached.
    func lifetimeTotals(of port: RegisteredPort) throws(KernelError) -> DirectionTotals {
        let counts = try counts.counts(of: port)
        return DirectionTotals(ingress: counts.seen(.ingress), egress: counts.seen(.egress))
    }

    /// Notes that all of the window's totals are drained.
    func setDrained(_ port: RegisteredPort, in window: UInt32) throws(KernelError) {
        try counts.counts(of: port).setDrained(window)
    }
}
