// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel

/// What every port counted in the windows that were closed since the daemon started: sums in this process, so that a reader who
/// asks for them asks neither the kernel nor the meter.
///
/// By the interface's name, as operators know a port. One that is gone is forgotten, so that there are never more than
/// there are ports; should its name come back, it starts from nothing.
package struct PortLedger: Equatable, Sendable {
    package private(set) var ports: [String: DirectionCounts] = [:]
    /// Over all ports, also those that are gone.
    package private(set) var all = PortTotals()

    /// A port's, by direction.
    package struct DirectionCounts: Equatable, Sendable {
        package var ingress = PortTotals()
        package var egress = PortTotals()

        package init() {}
    }

    package init() {}

    /// Adds a closed window.
    ///
    /// - Parameter known: the ports that could have counted in it.
    package mutating func add(_ totals: [PortSide: PortTotals], known: [PortNumber: Port]) {
        if ports.count != known.count || !known.values.allSatisfy({ ports[$0.name] != nil }) {
            let names = Set(known.values.map(\.name))
            ports = ports.filter { names.contains($0.key) }
            for name in names where ports[name] == nil { ports[name] = DirectionCounts() }
        }
        for (side, counted) in totals {
            all += counted
            guard let name = known[side.port]?.name else { continue }
            switch side.direction {
            case .ingress: ports[name, default: DirectionCounts()].ingress += counted
            case .egress: ports[name, default: DirectionCounts()].egress += counted
            }
        }
    }
}

extension PortTotals {
    /// What is in flow records, by the conservation law.
    var recorded: PacketCount { ip - overflow }
}
