// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A megaflow that may have met packets of a window, and when.
struct MegaflowCandidate: Sendable {
    let key: MegaflowKey
    let mask: MegaflowKey
    let recirculation: UInt32
    let states: ConntrackStates
    let isOpaque: Bool
    let outcome: DatapathOutcome
    /// What is looked up does the same in all of this time.
    let times: ClosedRange<UnixTime>
    let rule: RuleName?

    /// Whether it says by itself what becomes of a packet, besides what a further look may say.
    var decides: Bool {
        outcome.continuations.isEmpty || outcome.isDelivered || outcome.mayBeDelivered || outcome.isElsewhere
    }

    var effect: MegaflowLeaf.Effect {
        if outcome.isDelivered { return .delivered }
        if outcome.mayBeDelivered || outcome.isElsewhere { return .unsure }
        return .dropped
    }
}

extension MegaflowHistory {
    /// All that were there in the span, or would have been.
    func candidates(in span: ClosedRange<UnixTime>) -> [MegaflowCandidate] {
        var known: [Looks: ClosedRange<UnixTime>?] = [:]
        var candidates: [MegaflowCandidate] = []
        candidates.reserveCapacity(entries.count)
        for entry in entries.values {
            let looks = Looks(first: entry.firstPoll, last: entry.lastPoll)
            let times = known[looks] ?? self.times(of: looks)
            known[looks] = .some(times)
            guard let times, times.overlaps(span) else { continue }
            let megaflow = entry.megaflow
            candidates.append(
                MegaflowCandidate(
                    key: megaflow.key, mask: megaflow.mask, recirculation: megaflow.recirculation,
                    states: megaflow.states, isOpaque: megaflow.isOpaque, outcome: megaflow.outcome, times: times,
                    rule: entry.rule))
        }
        return candidates
    }

    /// The looks that showed a megaflow, one after the other.
    private struct Looks: Hashable {
        let first: Int
        let last: Int
    }

    /// When a megaflow that these looks showed was there, or would have been; nil where even that is not known.
    private func times(of looks: Looks) -> ClosedRange<UnixTime>? {
        let polls = polls[max(0, looks.first - firstKept)...min(polls.count - 1, looks.last - firstKept)]
        guard let first = polls.first, let last = polls.last else { return nil }
        // There from the end of the first to the start of the last, if there are two.
        var times = looks.first < looks.last ? first.end...max(first.end, last.start) : nil
        let calm = polls.lazy.compactMap { self.changes.calm(around: $0.start...$0.end) }.first
        let calmLast = polls.reversed().lazy.compactMap { self.changes.calm(around: $0.start...$0.end) }.first
        for span in [calm, calmLast].compactMap(\.self) {
            times = times.map { min($0.lowerBound, span.lowerBound)...max($0.upperBound, span.upperBound) } ?? span
        }
        return times
    }
}
