// SPDX-License-Identifier: Apache-2.0

package import BPF
package import FlowModel
package import FlowVerdict
package import Host

extension FlowTables {
    /// Puts another policy in force, in one step for all ports whose programs ask it: every frame is judged by what was before
    /// or by this, and counted with what judged it. Returns when nothing is judged by what was before any more.
    ///
    /// What was judged already is judged anew: verdicts that are kept with flows are those of their version.
    ///
    /// The turn of the ports must be ours. Throws, and changes nothing, where the kernel has no room for it.
    @discardableResult
    package func setPolicy(
        _ policy: KernelPolicy, ports: [PortNumber: PortPolicy], gracePeriod: borrowing GracePeriod
    ) throws(KernelError) -> PolicyVersion {
        try setPolicy(try ruleTables(policy), ports: ports, gracePeriod: gracePeriod)
    }

    /// The rules as the kernel has them. Throws where it has no room for them.
    func ruleTables(_ policy: KernelPolicy) throws(KernelError) -> RuleTables {
        try RuleTables(policy, hash: RuleHash(control.table))
    }

    func setPolicy(
        _ rules: RuleTables, ports: [PortNumber: PortPolicy], gracePeriod: borrowing GracePeriod
    ) throws(KernelError) -> PolicyVersion {
        let tables = try maps.policy.make()
        let version = try control.takePolicyVersion()
        // Whoever changed it last may have died before programs were done with the generation that is written now.
        try gracePeriod.wait()
        tables.write(rules, ports, generation: version.generation)
        control.setPolicy(version)
        try gracePeriod.wait()
        return version
    }

    /// Makes the maps of the policy, of which programs can be loaded that ask it. The turn of the ports must be ours.
    package func makePolicy() throws(KernelError) { _ = try maps.policy.make() }

    /// What holds for a port; nil where it has no policy.
    package func policy(of port: PortNumber) throws(KernelError) -> PortPolicy? {
        try maps.policy.current()?.policy(of: port, generation: control.policyVersion.generation)
    }

    /// Gives a port a set of the policy in force, or takes it away, before programs count for it. The turn of the ports must be
    /// ours. Throws where there is no policy.
    func setPolicy(_ policy: PortPolicy?, of port: RegisteredPort) throws(KernelError) {
        guard let tables = try maps.policy.current() else {
            if policy == nil { return }
            throw KernelError(
                .notFound, "cannot attach to \(port.name) with a policy", cause: "no policy is loaded",
                remedy: "load one first")
        }
        tables.set(policy, of: port.number, generation: control.policyVersion.generation)
    }

    /// What is in force; nil where no port has a policy.
    package func policySummary() throws(KernelError) -> PolicySummary? {
        guard let tables = try maps.policy.current() else { return nil }
        let version = control.policyVersion
        let ports = tables.ports(generation: version.generation)
        guard !ports.isEmpty || tables.maskCount(generation: version.generation) > 0 else { return nil }
        return PolicySummary(
            version: version, ruleCount: tables.ruleCount(generation: version.generation),
            maskCount: tables.maskCount(generation: version.generation), ports: ports)
    }
}

/// A policy in force, as the kernel has it.
package struct PolicySummary: Equatable, Sendable {
    package let version: PolicyVersion
    /// Rules as the kernel has them: one of a file may be many.
    package let ruleCount: Int
    package let maskCount: Int
    package let ports: [PortNumber: PortPolicy]
}
