// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// When what megaflows are made from may have changed: flow tables, ports, the switch itself.
package struct RuleChanges: Equatable, Sendable {
    private struct Change: Equatable, Sendable {
        let start: UnixTime
        var end: UnixTime
    }

    /// In their order, apart from one another. The first is all that was before anything was known.
    private var changes: [Change] = []
    /// Up to when it is known.
    package private(set) var knownUntil = UnixTime(nanoseconds: .min)

    package init() {}

    /// Nothing is known of what was before.
    mutating func begin(at moment: UnixTime) {
        if changes.isEmpty {
            changes = [Change(start: UnixTime(nanoseconds: .min), end: moment)]
            knownUntil = moment
        } else {
            noteChange(until: moment)
        }
    }

    mutating func confirm(until moment: UnixTime) { knownUntil = max(knownUntil, moment) }

    mutating func noteChange(until moment: UnixTime) {
        guard moment > knownUntil else { return }
        if let last = changes.last, last.end >= knownUntil {
            changes[changes.count - 1].end = moment
        } else {
            changes.append(Change(start: knownUntil, end: moment))
        }
        knownUntil = moment
    }

    mutating func forget(before moment: UnixTime) {
        guard let index = changes.lastIndex(where: { $0.end < moment }), index > 0 else { return }
        changes.removeFirst(index)
    }

    /// Since when nothing has changed, as far as is known.
    package var calmSince: UnixTime? { changes.last?.end }

    /// Whether nothing has changed from then on, as far as is known.
    package func isCalm(since moment: UnixTime) -> Bool { changes.last.map { $0.end <= moment } ?? false }

    /// The time around these moments in which nothing changed; nil where something did between them, or it is not known.
    func calm(around moments: ClosedRange<UnixTime>) -> ClosedRange<UnixTime>? {
        guard !changes.isEmpty, moments.upperBound <= knownUntil else { return nil }
        let before = changes.last { $0.end <= moments.lowerBound }
        guard let before, !changes.contains(where: { $0.start < moments.upperBound && $0.end > moments.lowerBound })
        else { return nil }
        let after = changes.first { $0.start >= moments.upperBound }
        return before.end...(after?.start ?? knownUntil)
    }
}
