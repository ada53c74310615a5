// SPDX-License-Identifier: Apache-2.0

package import FlowModel
import FlowVerdict

/// From what the kernel said of a record to its verdict.
package struct PolicyVerdicts: Sendable {
    private let names: [UInt16: RuleName]

    package init() { names = [:] }

    /// Of the policies that were loaded with that state; for whom it must not be read, rules have no names.
    package init(_ state: PolicyState) { self.init((try? state.read())?.book ?? RuleBook()) }

    init(_ book: RuleBook) { names = book.entries.mapValues { RuleName($0.name) } }

    /// Gives the record the verdict of the policy, where it has one. What it allows and was seen leaving stays observed, by
    /// that rule.
    package func judge(_ record: inout FlowRecord) {
        guard record.key.ruling != .none else { return }
        let rule = names[record.key.rule]
        switch record.key.ruling {
        case .none: break
        case .accept:
            let isDelivered = record.verdict.source == .observed
            record.verdict = .accept(isDelivered ? .observed : .policy, rule: rule)
        case .reject: record.verdict = .reject(.policy, reason: .policyAudit, rule: rule)
        case .drop: record.verdict = .reject(.policy, reason: .policy, rule: rule)
        }
    }
}
