// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Makes of the groups that ports have what the kernel judges by.
///
/// Ports with the same groups in the same mode share a set of rules.
package struct PolicyCompiler {
    private struct RuleSet: Hashable {
        let groups: [String]
        let mode: PolicyMode
    }

    private let policy: SecurityPolicy
    /// Addresses of the ports that have a group.
    private let members: [String: [IPAddress]]
    private var sets: [RuleSet] = []
    private var numbers: [RuleSet: UInt16] = [:]

    package init(_ policy: SecurityPolicy, members: [String: [IPAddress]] = [:]) {
        self.policy = policy
        self.members = members
    }

    /// The set of rules for ports with those groups.
    package mutating func set(of groups: [String], mode: PolicyMode) -> UInt16 {
        let chosen = policy.groups.map(\.name).filter(groups.contains)
        let set = RuleSet(groups: chosen, mode: mode)
        if let number = numbers[set] { return number }
        sets.append(set)
        let number = UInt16(sets.count)
        numbers[set] = number
        return number
    }

    /// The rules of all sets that were asked for.
    ///
    /// - Parameter book: gives the rules their numbers, and knows them afterwards.
    package func compile(numberingBy book: inout RuleBook) throws(PolicyError) -> KernelPolicy {
        let rules = sets.map { set in policy.rules(of: set.groups) }
        let entries = zip(sets, rules).flatMap { set, rules in rules.map { entry($0, set.mode) } }
        let distinct = entries.reduce(into: (list: [RuleBook.Entry](), known: Set<RuleBook.Entry>())) { all, entry in
            if all.known.insert(entry).inserted { all.list.append(entry) }
        }.list
        let numbers = Dictionary(uniqueKeysWithValues: zip(distinct, try book.number(distinct)))
        var compiled: [PolicyRule] = []
        for (place, set) in sets.enumerated() {
            for (rank, rule) in rules[place].enumerated() {
                let number = numbers[entry(rule, set.mode)] ?? 0
                compiled += rule.values(set: UInt16(place + 1), members: { members[$0] ?? [] }).map { value in
                    PolicyRule(
                        key: value.key, mask: value.mask, priority: -rank, action: rule.action,
                        isStateful: rule.isStateful, number: number)
                }
            }
        }
        return try checked(KernelPolicy(rules: compiled))
    }

    private func entry(_ rule: SecurityGroupRule, _ mode: PolicyMode) -> RuleBook.Entry {
        RuleBook.Entry(
            name: rule.name, isAllowing: rule.action == .allow, mode: mode, content: rule.content(members: members))
    }

    private func checked(_ policy: KernelPolicy) throws(PolicyError) -> KernelPolicy {
        let masks = Set(policy.rules.map(\.mask)).count
        guard policy.rules.count <= KernelPolicy.mostRules else {
            throw PolicyError(
                """
                the policy becomes \(policy.rules.count) rules, and \(KernelPolicy.mostRules) are the most: \
                a rule counts once for each IP version, address of its remote group and part of its range of ports
                """)
        }
        guard masks <= KernelPolicy.mostMasks else {
            throw PolicyError(
                """
                the policy compares \(masks) different combinations of bits, and \(KernelPolicy.mostMasks) are the most: \
                use fewer different lengths of prefixes, and ranges of ports that begin and end at powers of two
                """)
        }
        return policy
    }
}

extension SecurityGroupRule {
    /// All that the rule says, with the addresses that its group stands for.
    fileprivate func content(members: [String: [IPAddress]]) -> String {
        var text = "\(direction) \(version.map { "\($0)" } ?? "-") \(transport.map { "\($0)" } ?? "-")"
        text += " \(ends.map { "\($0)" } ?? "-") \(remote) \(priority) \(isStateful)"
        if case .group(let name) = remote {
            text += " " + Set(members[name] ?? []).map(\.description).sorted().joined(separator: ",")
        }
        return text
    }
}
