// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
import FlowModel
package import FlowVerdict
package import Host
package import WeirConfiguration

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
    ///
    /// - Parameter coming: ports that will be there with the same numbers.
    package func load(
        _ file: String, into installation: borrowing Installation, coming: [RegisteredPort] = []
    ) throws {
        try load(try PolicyDocument.text(of: file), of: file, into: installation, coming: coming)
    }

    /// The same of the text that was read from it.
    package func load(
        _ text: String, of file: String, into installation: borrowing Installation, coming: [RegisteredPort] = []
    ) throws {
        try state.alone {
            // What is damaged is replaced.
            var content = (try? state.read()) ?? PolicyState.Content()
            let before = content
            content.path = file
            content.text = text
            content.sets = []
            let kept = before.path != nil && before.text == text ? try enforced(in: installation, before) : [:]
            try put(content, before: before, into: installation, coming: coming, keeping: kept)
        }
    }

    /// Puts in force what was loaded last: for ports that have come meanwhile, and where the kernel has forgotten it.
    ///
    /// - Parameter coming: ports that will be there with the same numbers.
    package func reload(into installation: borrowing Installation, coming: [RegisteredPort] = []) throws {
        try state.alone {
            let content = try state.read()
            guard content.path != nil else { return }
            let kept = try enforced(in: installation, content)
            try put(content, before: content, into: installation, coming: coming, keeping: kept)
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
        coming: [RegisteredPort] = [], keeping kept: [PortNumber: [String]] = [:]
    ) throws {
        var content = new
        guard let document = try content.document() else { return }
        let ports = try installation.attachedPorts() + coming
        var compiler = document.compiler(sets: content.sets)
        var policies = policies(of: ports, document, &compiler)
        for (number, groups) in kept where policies[number] == nil {
            policies[number] = PortPolicy(set: compiler.set(of: groups), mode: .enforce)
        }
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

    /// The groups that are enforced on ports now: a port that was renamed keeps them where no entry covers its new name.
    private func enforced(
        in installation: borrowing Installation, _ content: PolicyState.Content
    ) throws -> [PortNumber: [String]] {
        guard let policies = try installation.tables.policySummary()?.ports else { return [:] }
        let ports = try installation.attachedPorts().compactMap { port -> (PortNumber, [String])? in
            guard let policy = policies[port.number], policy.mode == .enforce,
                content.sets.indices.contains(Int(policy.set) - 1)
            else { return nil }
            return (port.number, content.sets[Int(policy.set) - 1])
        }
        return Dictionary(uniqueKeysWithValues: ports)
    }

    private func policies(
        of ports: [RegisteredPort], _ document: PolicyDocument, _ compiler: inout PolicyCompiler
    ) -> [PortNumber: PortPolicy] {
        var policies: [PortNumber: PortPolicy] = [:]
        for port in ports {
            policies[port.number] = document.policy(
                ofPort: port.name, tags: tags(of: port.name), isOfSwitch: port.fromHook == .xsk, by: &compiler)
        }
        return policies
    }

    /// Whether a policy is in force, or was loaded and is kept.
    package func hasPolicy(_ installation: borrowing Installation) -> Bool {
        do {
            return try installation.tables.policySummary() != nil || loaded() != nil
        } catch {
            return false
        }
    }

    /// The policy that was loaded last; nil where there is none, or for whom it must not be read.
    package func loaded() throws -> PolicyDocument? { try state.read().document() }

    package func tags(of port: String) -> [String] { configuration.rule(forPort: port)?.tags ?? [] }
}

extension PolicyKeeper {
    /// Attaches ports with the policy that they are to have from the first frame on.
    ///
    /// Where the policy cannot be had, ports on which it is to be enforced are withheld: they would be open. The others are attached
    /// without it.
    ///
    /// - Parameter body: attaches.
    /// - Returns: one outcome a request; and a sentence, where ports are attached without a policy that was to be audited.
    package func attach(
        _ requests: [AttachRequest], to installation: borrowing Installation,
        _ body: ([AttachRequest]) -> Result<[AttachOutcome], KernelError>
    ) -> (value: Result<[AttachOutcome], KernelError>, failure: String?) {
        do {
            guard try state.read().path != nil else { return (body(requests), nil) }
            let value = try state.alone { body(try prepared(requests, installation)) }
            return (value, nil)
        } catch {
            return withhold(requests, since: error, body)
        }
    }

    private func withhold(
        _ requests: [AttachRequest], since error: any Error,
        _ body: ([AttachRequest]) -> Result<[AttachOutcome], KernelError>
    ) -> (value: Result<[AttachOutcome], KernelError>, failure: String?) {
        let isOpen = requests.map { !mayBeEnforced(on: $0.interface.name) }
        let open = zip(requests, isOpen).filter(\.1).map(\.0)
        let names = open.map(\.interface.name).joined(separator: ", ")
        let value = (open.isEmpty ? .success([]) : body(open)).map { outcomes in
            var outcomes = outcomes[...]
            return zip(requests, isOpen).map { request, isOpen in
                if isOpen, let outcome = outcomes.popFirst() { return outcome }
                return AttachOutcome.withheld(Self.refusal(request.interface.name, error))
            }
        }
        return (value, open.isEmpty ? nil : "\(names): attached without the policy that is to be audited: \(error)")
    }

    private static func refusal(_ name: String, _ error: any Error) -> KernelError {
        KernelError(
            .invalid, "cannot attach to \(name)",
            cause: "a policy is to be enforced on it and cannot be put in force: \(error)",
            remedy: "load the policy again (weir policy load FILE), or end it (weir policy unload)")
    }

    /// Whether the policy that was loaded last is to be enforced on a port of that name; true where it cannot be read.
    package func mayBeEnforced(on name: String) -> Bool {
        do {
            return try state.read().document()?.choice(forPort: name, tags: tags(of: name))?.mode == .enforce
        } catch {
            return true
        }
    }

    /// Puts in force what holds for a port under the name that it has now.
    ///
    /// - Parameter port: as it was called before.
    /// - Returns: a sentence, where no entry covers the new name and what was enforced stays in force.
    package func follow(
        _ port: RegisteredPort, to name: String, in installation: borrowing Installation
    ) throws -> String? {
        guard let document = try state.read().document() else { return nil }
        let isCovered = document.choice(forPort: name, tags: tags(of: name)) != nil
        let policy = try installation.tables.policySummary()?.ports[port.number]
        if isCovered || policy?.mode == .audit { try reload(into: installation) }
        guard !isCovered, policy?.mode == .enforce else { return nil }
        return """
            \(name): no entry of the policy covers this name; what was enforced on it as \(port.name) stays in force until a \
            policy is loaded
            """
    }

    /// The requests with their policies, whose sets of rules are in the kernel.
    private func prepared(
        _ requests: [AttachRequest], _ installation: borrowing Installation
    ) throws -> [AttachRequest] {
        let content = try state.read()
        guard let document = try content.document() else { return requests }
        var compiler = document.compiler(sets: content.sets)
        let prepared = requests.map { request in
            var request = request
            let (name, hook) = (request.interface.name, request.options.resolved(on: request.interface).hook)
            request.options.policy = document.policy(
                ofPort: name, tags: tags(of: name), isOfSwitch: hook == .xsk, by: &compiler)
            return request
        }
        let isInForce = try installation.tables.policySummary() != nil
        if compiler.allSets != content.sets || !isInForce, prepared.contains(where: { $0.options.policy != nil }) {
            var content = content
            let before = content
            content.sets = compiler.allSets
            try put(content, before: before, into: installation, keeping: try enforced(in: installation, content))
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
