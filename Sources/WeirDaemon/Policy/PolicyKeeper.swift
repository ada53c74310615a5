// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
import FlowModel
import FlowVerdict

/// Puts policies in force and keeps them so: for ports that are attached, and for those that are attached later.
///
/// The daemon and commands may each have one: one change is made at a time. Blocks while another is made, and for the kernel.
package struct PolicyKeeper: Sendable {
    private let state: PolicyState
    private let configuration: Configuration

    package init(_ configuration: Configuration) {
        state = PolicyState(stateDirectory: configuration.stateDirectory)
        self.configuration = configuration
    }

    /// Puts the policy of a file in force in the place of what was. Where this throws, what was stays.
    package func load(_ file: String, into installation: borrowing Installation) throws {
        try load(try PolicyDocument.text(of: file), of: file, into: installation)
    }

    /// The same of the text that was read from it.
    package func load(_ text: String, of file: String, into installation: borrowing Installation) throws {
        try state.alone {
            // What is damaged is replaced.
            var content = (try? state.read()) ?? PolicyState.Content()
            let before = content
            content.path = file
            content.text = text
            content.sets = []
            try put(content, before: before, into: installation)
        }
    }

    /// Puts in force what was loaded last: for ports that have come meanwhile, and where the kernel has forgotten it.
    ///
    /// - Parameter coming: ports that will be there with the same numbers.
    package func reload(into installation: borrowing Installation, coming: [RegisteredPort] = []) throws {
        try state.alone {
            let content = try state.read()
            guard content.path != nil else { return }
            try put(content, before: content, into: installation, coming: coming)
        }
    }

    /// Ends the policy of all ports. What its rules are called stays known, for records that name them.
    package func unload(from installation: borrowing Installation) throws {
        try state.alone {
            var content = (try? state.read()) ?? PolicyState.Content()
            content.path = nil
            content.text = ""
            try state.write(content)
            try installation.removePolicy()
        }
    }

    /// Writes what is needed to read the kernel's numbers before they can appear.
    private func put(
        _ new: PolicyState.Content, before: PolicyState.Content, into installation: borrowing Installation,
        coming: [RegisteredPort] = []
    ) throws {
        var content = new
        guard let document = try content.document() else { return }
        let ports = try installation.attachedPorts() + coming
        var compiler = PolicyCompiler(document.policy, members: document.members, sets: content.sets)
        let policies = policies(of: ports, document, &compiler)
        let compiled = try compiler.compile(numberingBy: &content.book)
        content.sets = compiler.allSets
        try state.write(content)
        do throws(KernelError) {
            try installation.load(compiled, ports: policies, force: true)
        } catch {
            try? state.write(before)
            throw error
        }
    }

    private func policies(
        of ports: [RegisteredPort], _ document: PolicyDocument, _ compiler: inout PolicyCompiler
    ) -> [PortNumber: PortPolicy] {
        var policies: [PortNumber: PortPolicy] = [:]
        for port in ports {
            let isSwitchs = port.fromHook == .xsk
            policies[port.number] = policy(of: port.name, isSwitchs: isSwitchs, document, &compiler)
        }
        return policies
    }

    /// What holds for a port; nil where no entry covers it. An AF_XDP port belongs to a switch, whose frames nobody drops
    /// unasked.
    private func policy(
        of name: String, isSwitchs: Bool, _ document: PolicyDocument, _ compiler: inout PolicyCompiler
    ) -> PortPolicy? {
        guard let choice = document.choice(forPort: name, tags: tags(of: name)) else { return nil }
        let isEnforced = choice.mode == .enforce && (!isSwitchs || choice.isForced)
        return PortPolicy(set: compiler.set(of: choice.groups), mode: isEnforced ? .enforce : .audit)
    }

    /// The policy that was loaded last; nil where there is none, or for whom it must not be read.
    package func loaded() throws -> PolicyDocument? { try state.read().document() }

    package func tags(of port: String) -> [String] { configuration.rule(forPort: port)?.tags ?? [] }
}

extension PolicyKeeper {
    /// Does something with the requests, which then have the policy that their ports are to have from the first frame on.
    ///
    /// - Returns: what the body returns; and a sentence, where the policy could not be had.
    package func attach<Value>(
        _ requests: [AttachRequest], to installation: borrowing Installation, _ body: ([AttachRequest]) -> Value
    ) -> (value: Value, failure: String?) {
        do {
            guard try state.read().path != nil else { return (body(requests), nil) }
            let value = try state.alone { body(try prepared(requests, installation)) }
            return (value, nil)
        } catch {
            let names = requests.map(\.interface.name).joined(separator: ", ")
            return (body(requests), "\(names): attached without a policy: \(error)")
        }
    }

    /// The requests with their policies, whose sets of rules are in the kernel.
    private func prepared(
        _ requests: [AttachRequest], _ installation: borrowing Installation
    ) throws -> [AttachRequest] {
        let content = try state.read()
        guard let document = try content.document() else { return requests }
        var compiler = PolicyCompiler(document.policy, members: document.members, sets: content.sets)
        let prepared = requests.map { request in
            var request = request
            let isSwitchs = request.options.resolved(on: request.interface).hook == .xsk
            request.options.policy = policy(of: request.interface.name, isSwitchs: isSwitchs, document, &compiler)
            return request
        }
        let isInForce = try installation.tables.policySummary() != nil
        if compiler.allSets != content.sets || !isInForce, prepared.contains(where: { $0.options.policy != nil }) {
            var content = content
            let before = content
            content.sets = compiler.allSets
            try put(content, before: before, into: installation)
        }
        return prepared
    }

    /// What is in force; nil where nothing is.
    package func report(of installation: borrowing Installation) throws -> PolicyReport? {
        let content = try state.read()
        guard let document = try content.document(), let path = content.path else { return nil }
        let summary = try installation.tables.policySummary()
        let ports = try installation.attachedPorts().compactMap { port -> PolicyPortReport? in
            guard let policy = summary?.ports[port.number] else { return nil }
            let groups = content.sets.indices.contains(Int(policy.set) - 1) ? content.sets[Int(policy.set) - 1] : []
            let wanted = document.choice(forPort: port.name, tags: tags(of: port.name))?.mode
            return PolicyPortReport(
                port: port.name, mode: policy.mode.rawValue, groups: groups,
                isOnlyAudited: wanted == .enforce && policy.mode == .audit)
        }
        return PolicyReport(
            path: path, document: document, version: Int(summary?.version.rawValue ?? 0),
            kernelRules: summary?.ruleCount ?? 0, masks: summary?.maskCount ?? 0, ports: ports)
    }
}
