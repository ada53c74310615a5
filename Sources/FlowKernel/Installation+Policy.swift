// SPDX-License-Identifier: Apache-2.0

import BPF
package import FlowModel
package import FlowVerdict
package import Host

extension Installation {
    /// Puts a policy in force in the place of what was, in one step for all ports.
    ///
    /// First the programs of ports that had no policy are replaced, each between two frames, by some that ask it; then all change
    /// at once. Where this throws, what was in force stays.
    ///
    /// - Parameters:
    ///   - ports: those that have a policy from now on. Those that have none any more get programs that do not ask. One of them
    ///     may be attached later, by `EarlierInstallation.move`.
    ///   - force: enforces also on a port that a switch reads through AF_XDP sockets, where frames to the port cannot be dropped.
    /// - Returns: what is in force.
    @discardableResult
    package func load(
        _ policy: KernelPolicy, ports: [PortNumber: PortPolicy], force: Bool = false
    ) throws(KernelError) -> PolicySummary? {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let attached = try attachedPorts().filter { !$0.isUnfinished }
        let covered = attached.filter { ports[$0.number] != nil }
        let uncovered = attached.filter { $0.judging != .plain && ports[$0.number] == nil }
        for port in covered where !force { try refuseEnforcing(ports[port.number], on: port) }
        try Self.refuseFiltersElsewhere(
            covered.filter { $0.judging != .judged } + uncovered, "cannot change the policy of",
            remedy: "run this command there (nsenter --net=…)")
        let rules = try tables.ruleTables(policy)
        try tables.makePolicy()
        let gracePeriod = try GracePeriod()
        try cover(covered)
        do throws(KernelError) {
            _ = try tables.setPolicy(rules, ports: ports, gracePeriod: gracePeriod)
        } catch {
            try? uncover(covered.filter { $0.judging != .judged })
            throw error
        }
        try uncover(uncovered)
        return try tables.policySummary()
    }

    /// Ends the policy of all ports, and forgets their connections.
    package func removePolicy() throws(KernelError) {
        guard try tables.maps.policy.current() != nil else { return }
        try load(KernelPolicy(rules: []), ports: [:])
    }

    private func refuseEnforcing(_ policy: PortPolicy?, on port: RegisteredPort) throws(KernelError) {
        guard policy?.mode == .enforce, port.fromHook == .xsk else { return }
        throw KernelError(
            .invalid, "cannot enforce a policy on \(port.name)",
            cause: "it is an AF_XDP port, which belongs to a switch, and frames to it cannot be dropped here",
            remedy: "audit it, or force it for the frames that come from it")
    }

    /// Has the programs of these ports ask the policy, which says nothing about those that are new. All of them, or, when this
    /// throws, none more than before.
    private func cover(_ ports: [RegisteredPort]) throws(KernelError) {
        var covered: [RegisteredPort] = []
        let uncovered = ports.filter { $0.judging != .judged }
        if !uncovered.isEmpty { try tables.maps.publishConnections(of: uncovered) }
        for port in uncovered {
            covered.append(port)
            do throws(KernelError) {
                try replacePrograms(of: port, asksPolicy: true, copying: port.copying)
            } catch {
                try? uncover(covered)
                throw error
            }
        }
    }

    /// An entry in libxdp's dispatcher keeps its map.
    private func forgetConnections(of port: RegisteredPort) throws(KernelError) {
        guard port.fromHook == .xdpDispatched else { return tables.maps.connections.remove(port.number) }
        try tables.maps.connections.clear(port)
    }

    /// Gives these ports programs that do not ask.
    private func uncover(_ ports: [RegisteredPort]) throws(KernelError) {
        for port in ports {
            try replacePrograms(of: port, asksPolicy: false, copying: port.copying)
            try forgetConnections(of: port)
        }
        let without = ports.filter { $0.fromHook != .xdpDispatched }
        if !without.isEmpty { try tables.maps.connections.ofPorts.remove(without.map(\.number)) }
    }
}
