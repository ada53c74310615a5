// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// The rows of a terminal that shows a live table.
package struct TopScreen {
    /// What is known when the screen is drawn.
    package struct Content {
        /// nil until the first answer.
        package var ranking: Ranking?
        /// Why there is no ranking of what was chosen.
        package var failure: String?
        /// What the operator should know of where the figures come from.
        package var notes: [String]
        /// Whether the figures are not yet those of what was chosen last.
        package var isOutdated: Bool

        package init(ranking: Ranking?, failure: String?, notes: [String], isOutdated: Bool) {
            self.ranking = ranking
            self.failure = failure
            self.notes = notes
            self.isOutdated = isOutdated
        }
    }

    private let state: TopState
    private let content: Content
    private let names: GroupNames
    private let ink: Ink
    private let clock: ClockText
    private let rowCount: Int
    private let columns: Int
    /// At most so many groups; nil: as many as there is room for.
    private let most: Int?

    /// Head, sources, a blank line, the table's head; the sum and the keys.
    private static let rowsAround = 6

    package init(
        _ state: TopState, _ content: Content, names: GroupNames, _ ink: Ink, _ clock: ClockText, rows: Int,
        columns: Int, most: Int?
    ) {
        self.state = state
        self.content = content
        self.names = names
        self.ink = ink
        self.clock = clock
        rowCount = max(1, rows)
        self.columns = max(1, columns)
        self.most = most
    }

    /// How many groups there is room for.
    package static func page(rows: Int, most: Int?) -> Int { max(1, min(most ?? .max, rows - rowsAround)) }

    /// At most as many as the terminal has, each at most as wide.
    package var rows: [String] {
        if rowCount < Self.rowsAround + 1 || columns < 20 { return [clipped("the terminal is too small")] }
        let body = state.mode == .help ? help : table
        let top = [ink.text(clipped(head), .bold), clipped(sources), ""]
        let room = rowCount - top.count - bottom.count
        return top + body.prefix(room) + Array(repeating: "", count: max(0, room - body.count)) + bottom
    }

    private func clipped(_ text: String) -> String { text.clipped(to: columns, ink) }

    /// As many of the parts as there is room for, the first ones before the last.
    private func fitting(_ parts: [String], _ separator: String) -> String {
        var text = parts.first ?? ""
        for part in parts.dropFirst() {
            guard text.columns + separator.count + part.columns <= columns else { break }
            text += separator + part
        }
        return text
    }

    private var head: String {
        let choices = state.choices
        let pause = state.isPaused ? "PAUSED" : content.isOutdated ? "reading" : nil
        var parts = ["weir top"]
        if let pause { parts.append(pause) }
        switch choices.since {
        case .ago(let seconds): parts.append("last \(TimelineStep.text(seconds))")
        case .moment(let second): parts.append("since \(clock.full(second))")
        }
        parts.append("most \(choices.measure.noun) first")
        if let end = content.ranking?.end { parts.append("to \(clock.time(end))\(clock.zone(end))") }
        return fitting(parts, "  ")
    }

    private var sources: String {
        let filter = state.choices.filter
        let parts = [filter.isEmpty ? "all records" : "filter: \(PrintableText.of(filter))"] + content.notes
        return fitting(parts, "  ·  ".replacing("·", with: ink.hasBlocks ? "·" : "-"))
    }

    private var table: [String] {
        if let failure = content.failure { return wrapped(failure) }
        guard let ranking = content.ranking else { return [] }
        guard !ranking.groups.isEmpty else { return ["no traffic in this time"] }
        let page = Self.page(rows: rowCount, most: most)
        return RankingTable(ranking, names: names, ink, width: columns).lines(
            state.offset..<min(ranking.groups.count, state.offset + page))
    }

    /// A sentence in as many rows as it takes.
    private func wrapped(_ text: String) -> [String] {
        var rows = [""]
        for word in text.split(separator: " ") {
            let last = rows[rows.count - 1]
            if !last.isEmpty, last.columns + 1 + String(word).columns > columns {
                rows.append(String(word))
            } else {
                rows[rows.count - 1] = last.isEmpty ? String(word) : "\(last) \(word)"
            }
        }
        return rows.map(clipped)
    }

    // MARK: The last two rows

    private var bottom: [String] {
        switch state.mode {
        case .filter(let editor, let problem):
            [
                problem.map { ink.text(clipped($0), .red) }
                    ?? clipped("Enter takes the filter, Esc leaves it as it was"),
                "/" + editor.shown(in: columns - 1, ink),
            ]
        case .help: [clipped("any key goes back"), ""]
        case .table: [ink.text(clipped(footer), .bold), ink.text(keys, .dim)]
        }
    }

    private var footer: String {
        guard let ranking = content.ranking, content.failure == nil, !ranking.groups.isEmpty else { return "" }
        let page = Self.page(rows: rowCount, most: most)
        let text = RankingTable(ranking, names: names, ink, width: columns).footer(
            shown: ranking.groups.count, hint: "")
        guard ranking.groups.count > page else { return text }
        let last = min(ranking.groups.count, state.offset + page)
        return "\(state.offset + 1)-\(last) of " + text
    }

    private var keys: String {
        fitting(
            [
                "q quit", "? help", "/ filter", "b p f r order", "i v s d o group", "+ - period", "space pause",
                "n names",
            ],
            "  ")
    }

    private var help: [String] {
        let orders = TopState.orders.map { "\($0.key) \($0.measure.noun)" }
        let groups = TopState.groups.map { "\($0.key) \($0.field.word)" }
        return [
            "Order by: \(orders.joined(separator: ", "))",
            "Group by, or no more by: \(groups.joined(separator: ", "))",
            "+ and -: a longer or shorter time",
            "/: filter, in the words of tcpdump (docs/filters.md); an empty one is all records",
            "n: names of services in place of numbers of ports",
            "Space: pause, and go on",
            "Arrows, page keys, Home: move through the groups",
            "Ctrl-L: draw anew; Ctrl-Z: stop; q: quit",
            "\(ink.shadedBlock) at the end of a bar is the part that was rejected. OCTETS/S is the average over the time.",
        ].flatMap(wrapped)
    }
}
