// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// One way that packets may have gone through megaflows, and its end.
struct MegaflowLeaf {
    enum Effect { case delivered, dropped, unsure }

    var effect = Effect.unsure
    /// When all megaflows on the way were there.
    private(set) var start = UnixTime(nanoseconds: .min)
    private(set) var end = UnixTime(nanoseconds: .max)
    /// Whether packets that conntrack finds new, or established, can go this way.
    private(set) var allowsNew = true
    private(set) var allowsEstablished = true
    /// Whether the last megaflow is known to have met such packets, and not only others.
    private(set) var isSure = true
    private(set) var rule: RuleName?

    /// nothing: no megaflow yet.
    init() {}

    /// A way that was too long or one of too many.
    static func unsure(_ span: ClosedRange<UnixTime>) -> MegaflowLeaf {
        var leaf = MegaflowLeaf()
        (leaf.start, leaf.end) = (span.lowerBound, span.upperBound)
        leaf.isSure = false
        return leaf
    }

    /// This way, and on through another megaflow; nil where they were never there together.
    func through(_ candidate: MegaflowCandidate) -> MegaflowLeaf? {
        var leaf = self
        leaf.start = max(start, candidate.times.lowerBound)
        leaf.end = min(end, candidate.times.upperBound)
        guard leaf.start <= leaf.end else { return nil }
        leaf.effect = candidate.effect
        // Before conntrack was asked no packet is tracked.
        if candidate.recirculation != 0 {
            leaf.allowsNew = allowsNew && candidate.states.allowsNew
            leaf.allowsEstablished = allowsEstablished && candidate.states.allowsEstablished
        }
        leaf.isSure = isSure && !candidate.isOpaque
        leaf.rule = candidate.rule
        return leaf
    }

    func overlaps(_ span: ClosedRange<UnixTime>) -> Bool { start <= span.upperBound && end >= span.lowerBound }

    func covers(_ moment: UnixTime) -> Bool { start <= moment && moment <= end }

    /// Whether both were there at one moment of the span.
    func meets(_ other: MegaflowLeaf, in span: ClosedRange<UnixTime>) -> Bool {
        max(start, other.start, span.lowerBound) <= min(end, other.end, span.upperBound)
    }
}
