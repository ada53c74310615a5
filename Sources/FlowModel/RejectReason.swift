// SPDX-License-Identifier: Apache-2.0

/// Why packets were not let through, in AWS's words where AWS has one. A reference: verdicts are copied a record.
package final class RejectReason: Equatable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }

    package convenience init(stringLiteral text: String) { self.init(text) }

    /// What a rule of a policy refused.
    package static let policy: RejectReason = "policy"
    /// What a policy would have refused, had the port not been only audited.
    package static let policyAudit: RejectReason = "policy-audit"

    package static func == (left: RejectReason, right: RejectReason) -> Bool {
        left === right || left.text == right.text
    }
}
