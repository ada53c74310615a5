// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// At which ports records of others can stand in, and on which bridges they cannot, since a port of these is not measured.
package struct StandInPlan: Equatable, Sendable {
    /// Of the ports whose frames to the guest are not observed: those at which records stand in.
    package private(set) var covered: [String] = []
    /// Ports that keep records from standing in, on bridges where that is wanted.
    package private(set) var missing: [String] = []
    private var standIns: [String: StandIn] = [:]

    /// - Parameters:
    ///   - measured: the ports that are, by name.
    ///   - unobserved: those of them at which frames to the port are not observed.
    ///   - isUp: whether an interface can carry frames.
    package init(
        _ ports: SwitchPorts, measured: Set<String>, unobserved: Set<String>, isUp: (String) -> Bool
    ) {
        for bridge in ports.bridges {
            let members = ports.of(bridges: [bridge])
            let unobserved = members.filter { unobserved.contains($0.name) }
            guard !unobserved.isEmpty else { continue }
            // The bridge's own port carries frames only while it is up.
            let gaps = members.filter { !measured.contains($0.name) && ($0.name != bridge || isUp($0.name)) }
            guard gaps.isEmpty else {
                missing += gaps.map(\.name)
                continue
            }
            for port in members { standIns[port.name] = StandIn(bridge: bridge) }
            for port in unobserved {
                guard let address = port.attachedAddress else {
                    missing.append("the address (attached-mac) of \(port.name)")
                    continue
                }
                standIns[port.name] = StandIn(bridge: bridge, address: address)
                covered.append(port.name)
            }
        }
    }

    package func standIn(of port: String) -> StandIn? { standIns[port] }
}
