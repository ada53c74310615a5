// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What a rule of a policy says of a flow.
package struct PolicyDecision: Equatable, Sendable {
    /// Of the rule; see `PolicyRule`.
    package let number: UInt16
    package let action: PolicyAction
    package let isStateful: Bool
}

/// Judges by the rules of a policy as the kernel does, without replies: the kernel's tests compare with it.
///
/// Of one key, so that the compiler makes a copy of the classifier for it.
package struct PolicyClassifier: Sendable {
    private var classifier: Classifier<PolicyKey, PolicyDecision>

    package init(_ policy: KernelPolicy, cacheSize: Int = 8192) {
        var rules = TupleSpace<PolicyKey, PolicyDecision>()
        for rule in policy.rules {
            let decision = PolicyDecision(number: rule.number, action: rule.action, isStateful: rule.isStateful)
            rules.insert(rule.key, mask: rule.mask, priority: rule.priority, decision)
        }
        classifier = Classifier(rules, cacheSize: cacheSize)
    }

    package var maskCount: Int { classifier.rules.maskCount }
    package var cacheHits: UInt64 { classifier.hits }
    package var cacheMisses: UInt64 { classifier.misses }

    /// What the rule that decides says; nil where none matches.
    package mutating func decision(for key: PolicyKey) -> PolicyDecision? { classifier.lookup(key)?.value }

    package mutating func decision(for flow: FlowKey, set: UInt16) -> PolicyDecision? {
        decision(for: PolicyKey(flow, set: set))
    }

    /// The numbers of the rules that decide on many keys, one after the other; 0 where none does.
    package mutating func numbers(for keys: [PolicyKey]) -> [UInt16] {
        keys.map { classifier.lookup($0)?.value.number ?? 0 }
    }

    /// The same past the cache.
    package func numbersPastCache(for keys: [PolicyKey]) -> [UInt16] {
        let rules = classifier.rules
        return keys.map { rules.lookup($0)?.value.number ?? 0 }
    }
}
