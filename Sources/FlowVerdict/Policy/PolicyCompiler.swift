// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Makes of the groups that ports have what the kernel judges by.
///
/// Ports with the same groups share a set of rules.
package struct PolicyCompiler {
    private let policy: SecurityPolicy
    /// Addresses of the ports that have a group.
    private let members: [String: [IPAddress]]
    /// Of each set its groups.
    private var sets: [[String]] = []
    private var numbers: [[String]: UInt16] = [:]

    /// - Parameter sets: groups whose sets were asked for before, in this order: they keep their numbers.
    package init(_ policy: SecurityPolicy, members: [String: [IPAddress]] = [:], sets: [[String]] = []) {
        self.policy = policy
        self.members = members
        for groups in sets { number(groups) }
    }

    /// The groups of all sets that were asked for, by their numbers from 1 on.
    package var allSets: [[String]] { sets }

    /// The set of rules for ports with those groups.
    package mutating func set(of groups: [String]) -> UInt16 {
        let known = policy.groups.map(\.name).filter(groups.contains)
        return numbers[known] ?? number(known)
    }

    @discardableResult
    private mutating func number(_ groups: [String]) -> UInt16 {
        sets.append(groups)
        numbers[groups] = UInt16(sets.count)
        return UInt16(sets.count)
    }

    /// The rules of all sets that were asked for.
    ///
    /// - Parameter book: gives the rules their numbers, and knows them afterwards.
    package func compile(numberingBy book: inout RuleBook) throws(PolicyError) -> KernelPolicy {
        let rules = sets.map(policy.rules)
        let entries = rules.flatMap { $0.map(entry) }
        let distinct = entries.reduce(into: (list: [RuleBook.Entry](), known: Set<RuleBook.Entry>())) { all, entry in
            if all.known.insert(entry).inserted { all.list.append(entry) }
        }.list
        let numbers = Dictionary(uniqueKeysWithValues: zip(distinct, try book.number(distinct)))
        var compiled: [PolicyRule] = []
        for place in sets.indices {
            for (rank, rule) in rules[place].enumerated() {
                let number = numbers[entry(rule)] ?? 0
                compiled += rule.values(set: UInt16(place + 1), members: { members[$0] ?? [] }).map { value in
                    PolicyRule(
                        key: value.key, mask: value.mask, priority: -rank, action: rule.action,
                        isStateful: rule.isStateful, number: number)
                }
            }
        }
        return try checked(KernelPolicy(rules: compiled, etherTypes: policy.etherTypes))
    }

    private func entry(_ rule: SecurityGroupRule) -> RuleBook.Entry {
        RuleBook.Entry(name: rule.name, content: rule.content(members: members))
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
        var text = "\(action) \(direction) \(version.map { "\($0)" } ?? "-") \(transport.map { "\($0)" } ?? "-")"
        text += " \(ends.map { "\($0)" } ?? "-") \(remote) \(priority) \(isStateful)"
        if case .group(let name) = remote {
            text += " " + Set(members[name] ?? []).map(\.description).sorted().joined(separator: ",")
        }
        return text
    }
}
