// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What all ways say together that a record's packets may have gone.
struct MegaflowOpinion {
    private let leaves: [MegaflowLeaf]
    private let guess: ConntrackGuess
    private let span: ClosedRange<UnixTime>

    init(_ leaves: [MegaflowLeaf], of guess: ConntrackGuess, in span: ClosedRange<UnixTime>) {
        let allowed = leaves.filter(guess.allows)
        self.leaves = allowed.isEmpty ? leaves : allowed
        self.guess = guess
        self.span = span
    }

    var verdict: Verdict? {
        guard !leaves.isEmpty, !leaves.contains(where: { !$0.isSure || $0.effect == .unsure }) else { return nil }
        let isDelivered = leaves.contains { $0.effect == .delivered }
        let isDropped = leaves.contains { $0.effect == .dropped }
        // Something else may have been there before, or after.
        guard covers(span.lowerBound), covers(span.upperBound) else {
            return isDelivered && isDropped && !isContradiction ? .mixed(.ovsMegaflow) : nil
        }
        switch (isDelivered, isDropped) {
        case (true, false): return .accept(.ovsMegaflow, rule: rule)
        case (false, true): return .reject(.ovsMegaflow, rule: rule)
        default: return isContradiction ? nil : .mixed(.ovsMegaflow)
        }
    }

    private func covers(_ moment: UnixTime) -> Bool { leaves.contains { $0.covers(moment) } }

    /// Whether two ways that end differently were open at one time: the packets went one of them, or both.
    private var isContradiction: Bool {
        leaves.contains { one in
            one.effect == .delivered
                && leaves.contains { $0.effect == .dropped && $0.meets(one, in: span) }
        }
    }

    /// The first one's that is known; for the opener of a connection, that of its beginning.
    private var rule: RuleName? {
        if guess.isOpened, let first = leaves.first(where: { $0.allowsNew && $0.rule != nil }) { return first.rule }
        return leaves.lazy.compactMap(\.rule).first
    }
}
