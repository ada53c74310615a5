// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host
import PortDirectory

extension PortKeeper {
    /// Carries out what directories have said since the last call.
    mutating func followDirectory(_ changes: inout PortChanges) throws(KernelError) {
        guard let listing = directory.news(since: &version) else { return }
        changes.directory = directory.name
        try carryOut(plan.take(listing), &changes)
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

    /// Keeps what the directories say of the ports that there are.
    func takeNotes(_ changes: inout PortChanges) throws(KernelError) {
        guard let notes, let listing = directory.listing else { return }
        let failure = notes.take(
            listing, here: Array(try installation.portsHere().values),
            registered: try installation.tables.maps.registeredPorts()
        ) { plan.wayByDirectory(of: $0.interfaceIndex) }
        guard let failure else { return }
        changes.refused.append(
            KernelError(
                .invalid, "cannot keep what is known of ports for the next daemon", cause: "\(failure)",
                remedy: "look after the state directory"))
    }
}
