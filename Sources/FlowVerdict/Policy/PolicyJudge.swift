// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// From what the kernel said of a record (its ruling, and the number of a rule) to its verdict.
package struct PolicyJudge: VerdictJudge, WindowJudge {
    private let names: [UInt16: RuleName]

    /// Knows no rule by its name.
    package init() { names = [:] }

    package init(_ book: RuleBook) { names = book.entries.mapValues { RuleName($0.name) } }

    package func judge(of window: Window) -> (any WindowJudge)? { self }

    /// What the policy allows and was seen leaving stays observed, by that rule; nil where the policy did not judge.
    package func verdict(of record: borrowing FlowRecord) -> Verdict? {
        let rule = names[record.key.rule]
        switch record.key.ruling {
        case .none: return nil
        case .accept: return .accept(record.verdict.source == .observed ? .observed : .policy, rule: rule)
        case .reject: return .reject(.policy, reason: .policyAudit, rule: rule)
        case .drop: return .reject(.policy, reason: .policy, rule: rule)
        }
    }
}
