// SPDX-License-Identifier: Apache-2.0

/// What a live table shows, as the operator chose it.
package struct TopChoices: Equatable, Sendable {
    package enum Since: Equatable, Sendable {
        /// Seconds before now.
        case ago(Int64)
        /// Unix seconds.
        case moment(Int64)
    }

    package var since: Since
    package var fields: [GroupField]
    package var measure: Measure
    /// Empty: all records.
    package var filter: String
    /// Whether names of services stand for ports.
    package var hasNames: Bool

    package init(since: Since, fields: [GroupField], measure: Measure, filter: String, hasNames: Bool) {
        self.since = since
        self.fields = fields
        self.measure = measure
        self.filter = filter
        self.hasNames = hasNames
    }

    /// Whether the same records are asked for, in the same groups; in which order and by which names does not matter.
    package func asksSame(as other: TopChoices) -> Bool {
        since == other.since && fields == other.fields && filter == other.filter
    }

    /// Unix seconds.
    package func since(_ now: Int64) -> Int64 {
        switch since {
        case .ago(let seconds): now - seconds
        case .moment(let second): second
        }
    }

    private static let periods: [Int64] = [
        10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800,
    ]

    /// The next longer or shorter period of a usual length.
    mutating func changePeriod(longer: Bool, now: Int64) {
        let seconds = now - since(now)
        let next = longer ? Self.periods.first { $0 > seconds } : Self.periods.last { $0 < seconds }
        if let next { since = .ago(next) }
    }

    /// Groups by the field too, or no more; one field always stays.
    mutating func toggle(_ field: GroupField) {
        if !fields.contains(field) {
            fields.append(field)
        } else if fields.count > 1 {
            fields.removeAll { $0 == field }
        }
    }
}
