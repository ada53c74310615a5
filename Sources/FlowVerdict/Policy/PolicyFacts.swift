// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What a policy is and becomes.
package struct PolicyFacts: Codable, Equatable, Sendable {
    package var groups: Int
    package var rules: Int
    /// As the kernel has them, for each choice of groups that an entry of ports makes by itself.
    package var kernelRules: Int
    package var masks: Int
    package var entries: Int
    package var enforced: Int

    enum CodingKeys: String, CodingKey {
        case groups, rules, masks, entries, enforced
        case kernelRules = "kernel_rules"
    }

    /// Throws where it becomes more than the kernel has room for.
    package init(_ document: PolicyDocument) throws(PolicyError) {
        var compiler = document.compiler()
        for entry in document.ports { _ = compiler.set(of: entry.groups) }
        var book = RuleBook()
        let compiled = try compiler.compile(numberingBy: &book)
        groups = document.policy.groups.count
        rules = document.policy.groups.reduce(0) { $0 + $1.rules.count }
        kernelRules = compiled.rules.count
        masks = Set(compiled.rules.map(\.mask)).count
        entries = document.ports.count
        enforced = document.ports.count { $0.mode == .enforce }
    }

    package var text: String {
        """
        \(counted(groups, "group")) with \(counted(rules, "rule")) for \(counted(entries, "entry", "entries")) of ports, \(enforced) of \
        \(entries == 1 ? "it" : "them") enforced; \
        in the kernel \(counted(kernelRules, "rule")) of \(counted(masks, "mask"))
        """
    }
}
