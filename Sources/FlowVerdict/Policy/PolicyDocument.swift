// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A policy file: groups of rules, and which ports have which.
package struct PolicyDocument: Equatable, Sendable {
    package var policy: SecurityPolicy
    /// In the order of the file.
    package var ports: [PolicyPort]

    package init(policy: SecurityPolicy, ports: [PolicyPort]) {
        self.policy = policy
        self.ports = ports
    }
}

extension PolicyDocument {
    /// The addresses of the ports that have a group, by its name.
    package var members: [String: [IPAddress]] {
        ports.reduce(into: [:]) { members, port in
            for group in port.groups { members[group, default: []] += port.addresses }
        }
    }

    /// Makes sets of rules of the document's groups.
    ///
    /// - Parameter sets: groups whose sets were asked for before, in this order: they keep their numbers.
    package func compiler(sets: [[String]] = []) -> PolicyCompiler {
        PolicyCompiler(policy, members: members, sets: sets)
    }

    /// What the entries that cover a port say together: all their groups, and the mode of the first that gives one. nil
    /// where none covers it.
    package func choice(forPort name: String, tags: [String] = []) -> (
        groups: [String], mode: PolicyMode, isForced: Bool
    )? {
        let entries = ports.filter { $0.covers(name, tags: tags) }
        guard !entries.isEmpty else { return nil }
        let groups = Set(entries.flatMap(\.groups))
        return (
            policy.groups.map(\.name).filter(groups.contains), entries.lazy.compactMap(\.mode).first ?? .audit,
            entries.contains(where: \.isForced)
        )
    }

    /// What holds for a port; nil where no entry covers it. Frames to an AF_XDP port are the switch's: they are dropped only
    /// where an entry forces that.
    package func policy(
        ofPort name: String, tags: [String], isOfSwitch: Bool, by compiler: inout PolicyCompiler
    ) -> PortPolicy? {
        guard let choice = choice(forPort: name, tags: tags) else { return nil }
        let isEnforced = choice.mode == .enforce && (!isOfSwitch || choice.isForced)
        return PortPolicy(set: compiler.set(of: choice.groups), mode: isEnforced ? .enforce : .audit)
    }
}

/// Ports that have groups in common.
package struct PolicyPort: Equatable, Sendable {
    package enum Subject: Equatable, Sendable {
        case pattern(GlobPattern)
        case tag(String)
    }

    package var subject: Subject
    package var groups: [String]
    /// nil: not said here.
    package var mode: PolicyMode?
    /// Whether it may be enforced on a port whose frames go to a switch by AF_XDP.
    package var isForced: Bool
    /// Of the machine behind it, for rules that name its groups.
    package var addresses: [IPAddress]

    package init(
        subject: Subject, groups: [String] = [], mode: PolicyMode? = nil, isForced: Bool = false,
        addresses: [IPAddress] = []
    ) {
        self.subject = subject
        self.groups = groups
        self.mode = mode
        self.isForced = isForced
        self.addresses = addresses
    }

    package func covers(_ name: String, tags: [String]) -> Bool {
        switch subject {
        case .pattern(let pattern): pattern.matches(name)
        case .tag(let tag): tags.contains(tag)
        }
    }
}
