// SPDX-License-Identifier: Apache-2.0

/// Whether the packets of a flow were let through, and who says so.
package enum Verdict: Equatable, Sendable {
    case accept(VerdictSource)
    case reject(VerdictSource, reason: RejectReason?)
    case unknown

    package var source: VerdictSource? {
        switch self {
        case .accept(let source), .reject(let source, _): source
        case .unknown: nil
        }
    }
}

/// Where the knowledge of a verdict comes from.
package enum VerdictSource: Equatable, Sendable {
    /// A frame was counted at the port's own egress hook.
    case observed

    package var name: StaticString {
        switch self {
        case .observed: "observed"
        }
    }
}

/// Why packets were not let through, in AWS's words where AWS has one. A reference: verdicts are copied a record.
package final class RejectReason: Equatable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }

    package convenience init(stringLiteral text: String) { self.init(text) }

    package static func == (left: RejectReason, right: RejectReason) -> Bool { left.text == right.text }
}
