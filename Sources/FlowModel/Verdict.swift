// SPDX-License-Identifier: Apache-2.0

/// Whether the packets of a flow were let through, from which source that is known, and by which rule.
///
/// Copied a record: two bytes, and two references that most verdicts do not have.
package struct Verdict: Equatable, Sendable {
    package enum Action: UInt8, Sendable, CaseIterable, BitwiseCopyable {
        case unknown
        case accept
        case reject
        /// Some packets of the record were let through and others not, and which is not known: a rule changed meanwhile.
        case mixed
    }

    package var action: Action
    /// nil where the action is not known.
    package var source: VerdictSource?
    /// nil where it is not known.
    package var rule: RuleName?
    /// nil where nothing was rejected, or it is not known.
    package var reason: RejectReason?

    private init(
        _ action: Action, _ source: VerdictSource? = nil, rule: RuleName? = nil, reason: RejectReason? = nil
    ) {
        self.action = action
        self.source = source
        self.rule = rule
        self.reason = reason
    }

    package static let unknown = Verdict(.unknown)

    package static func accept(_ source: VerdictSource, rule: RuleName? = nil) -> Verdict {
        Verdict(.accept, source, rule: rule)
    }

    package static func reject(
        _ source: VerdictSource, reason: RejectReason? = nil, rule: RuleName? = nil
    ) -> Verdict {
        Verdict(.reject, source, rule: rule, reason: reason)
    }

    package static func mixed(_ source: VerdictSource, rule: RuleName? = nil) -> Verdict {
        Verdict(.mixed, source, rule: rule)
    }
}

/// Where the knowledge of a verdict comes from.
package enum VerdictSource: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// A frame was counted at the port's own egress hook.
    case observed
    /// What Open vSwitch had in its datapath for packets like these.
    case ovsMegaflow
    /// What Open vSwitch answered when it was asked for a packet like these.
    case ovsTrace
    /// A rule of our own, in the kernel.
    case policy
    /// The kernel dropped a packet of the flow.
    case kernelDrop

    package var name: StaticString {
        switch self {
        case .observed: "observed"
        case .ovsMegaflow: "ovs-megaflow"
        case .ovsTrace: "ovs-trace"
        case .policy: "policy"
        case .kernelDrop: "kernel-drop"
        }
    }
}

/// The rule that decided, as its switch or its file names it. A reference: verdicts are copied a record, and many have the same.
package final class RuleName: Equatable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static func == (left: RuleName, right: RuleName) -> Bool { left === right || left.text == right.text }
}
