// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host
import OpenVSwitch

extension PortKeeper {
    /// Carries out what the switch has said since the last call.
    mutating func followSwitch(_ changes: inout PortChanges) throws(KernelError) {
        guard let board, let ports = board.news(since: &version) else { return }
        try carryOut(plan.take(SwitchOffer.all(of: ports, board.choice)), &changes)
        try takeNotes(&changes)
    }

    /// Detaches ports whose interfaces are still there.
    func release(_ indices: Set<UInt32>, _ changes: inout PortChanges) throws(KernelError) {
        for port in try detach(indices, &changes) {
            if plan.isChanging(port.interfaceIndex) {
                changes.changed.append(port)
            } else {
                changes.released.append(port)
            }
        }
    }

    /// The same; returns those that are detached.
    func detach(_ indices: Set<UInt32>, _ changes: inout PortChanges) throws(KernelError) -> [RegisteredPort] {
        guard !indices.isEmpty else { return [] }
        let ports = try installation.portsHere()
        return indices.sorted().compactMap { ports[$0] }.filter { port in
            do throws(KernelError) {
                try installation.detach(port)
                return true
            } catch {
                changes.refused.append(error)
                return false
            }
        }
    }

    /// Keeps what the switch says of the ports that there are.
    func takeNotes(_ changes: inout PortChanges) throws(KernelError) {
        guard let notes, let ports = board?.ports else { return }
        let failure = notes.take(
            ports, here: Array(try installation.portsHere().values),
            registered: try installation.tables.maps.registeredPorts()
        ) { plan.wayBySwitch(of: $0.interfaceIndex) }
        guard let failure else { return }
        changes.refused.append(
            KernelError(
                .invalid, "cannot keep what Open vSwitch says of ports for the next daemon", cause: "\(failure)",
                remedy: "look after the state directory"))
    }
}
