// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import Host

extension FlowMaps {
    /// What the port saw in this window alone, in both directions; nil where it is registered no more.
    func totals(of port: RegisteredPort, in window: UInt32) throws(KernelError) -> DirectionTotals? {
        guard let counts = try countsIfRegistered(port) else { return nil }
        return DirectionTotals(
            ingress: counts.seen(.ingress, in: window), egress: counts.seen(.egress, in: window))
    }

    /// What of the port's frames in this window was kept of those that are in no flow.
    func samples(of port: RegisteredPort, in window: UInt32) throws(KernelError) -> [PortSide: [UnparsedReason:
        FrameSample]]
    {
        guard let counts = try countsIfRegistered(port) else { return [:] }
        var samples: [PortSide: [UnparsedReason: FrameSample]] = [:]
        for direction in Direction.allCases {
            let found = counts.samples(direction, in: window)
            if !found.isEmpty { samples[PortSide(port: port.number, direction: direction)] = found }
        }
        return samples
    }

    /// What the port saw since it was attached; nil where it is registered no more.
    func lifetimeTotals(of port: RegisteredPort) throws(KernelError) -> DirectionTotals? {
        guard let counts = try countsIfRegistered(port) else { return nil }
        return DirectionTotals(ingress: counts.seen(.ingress), egress: counts.seen(.egress))
    }

    /// Notes that all of the window's totals are drained.
    func setDrained(_ port: RegisteredPort, in window: UInt32) throws(KernelError) {
        try countsIfRegistered(port)?.setDrained(window)
    }

    /// The counts of a port that was registered when it was looked up. Somebody may have unregistered it since: one that
    /// could not be attached and has counted nothing, or one whose last counts are safe.
    private func countsIfRegistered(_ port: RegisteredPort) throws(KernelError) -> PortCounts? {
        do throws(KernelError) {
            return try counts.counts(of: port)
        } catch {
            guard error.code == .notFound, try registeredPort(port.number)?.attached != port.attached else {
                throw error
            }
            return nil
        }
    }
}
