// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Judges by the rules of a policy as the kernel does, without replies: the kernel's tests compare with it.
///
/// Of one key, so that the compiler makes a copy of the classifier for it.
package struct PolicyClassifier: Sendable {
    private var classifier: Classifier<PolicyKey, PolicyRule>

    package init(_ policy: KernelPolicy, cacheSize: Int = 8192) {
        var rules = TupleSpace<PolicyKey, PolicyRule>()
        for rule in policy.rules { rules.insert(rule.key, mask: rule.mask, priority: rule.priority, rule) }
        classifier = Classifier(rules, cacheSize: cacheSize)
    }

    package var maskCount: Int { classifier.rules.maskCount }

    /// The rule that decides; nil where none matches.
    package mutating func rule(for key: PolicyKey) -> PolicyRule? { classifier.lookup(key)?.value }

    /// The same without the cache.
    package func ruleOfTupleSpace(for key: PolicyKey) -> PolicyRule? { classifier.rules.lookup(key)?.value }

    package mutating func rule(for flow: FlowKey, set: UInt16) -> PolicyRule? {
        rule(for: PolicyKey(flow, set: set))
    }
}
