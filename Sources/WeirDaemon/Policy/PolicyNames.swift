// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
package import FlowVerdict
import Foundation
import SystemPackage

/// What the rules are called that records name by their numbers, read again where another policy was loaded. Used from one
/// thread.
final class PolicyNames {
    private let state: PolicyState
    private var known: (version: Data, verdicts: PolicyVerdicts)?

    init(_ state: PolicyState) { self.state = state }

    /// Those that hold now, and of earlier policies as far as they are remembered.
    var verdicts: PolicyVerdicts {
        let bytes = Data((try? WholeFile.read(state.file)) ?? [])
        if let known, known.version == bytes { return known.verdicts }
        let verdicts = PolicyVerdicts(state.read().book)
        known = (bytes, verdicts)
        return verdicts
    }
}

/// From what the kernel said of a record to its verdict.
package struct PolicyVerdicts: Sendable {
    private let names: [UInt16: RuleName]

    /// What a policy refused, and what it would have refused.
    static let refused: RejectReason = "policy"
    static let audited: RejectReason = "policy-audit"

    package init() { names = [:] }

    package init(_ book: RuleBook) { names = book.entries.mapValues { RuleName($0.name) } }

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
        case .reject: record.verdict = .reject(.policy, reason: Self.audited, rule: rule)
        case .drop: record.verdict = .reject(.policy, reason: Self.refused, rule: rule)
        }
    }
}
