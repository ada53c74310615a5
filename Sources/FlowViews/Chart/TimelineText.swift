// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore

/// A timeline in characters: all groups together as columns over an axis of time, and below it a row for each group.
///
/// Each row has its own scale, from nothing to its peak, which stands beside it. A time that was not measured is shaded.
package struct TimelineText: Sendable {
    private let timeline: Timeline
    private let names: GroupNames
    private let ink: Ink
    private let clock: ClockText
    private let width: Int

    private static let height = 8
    private static let narrowestGutter = 9
    private static let widestGutter = 30
    private static let figures = 20

    package init(_ timeline: Timeline, names: GroupNames, _ ink: Ink, _ clock: ClockText, width: Int) {
        self.timeline = timeline
        self.names = names
        self.ink = ink
        self.clock = clock
        self.width = width
    }

    /// How many pieces fit into so many columns.
    package static func room(width: Int, hasGroups: Bool) -> Int {
        max(1, hasGroups ? width - gutter(width) - 2 - figures : width - narrowestGutter - 2)
    }

    private static func gutter(_ width: Int) -> Int { min(widestGutter, max(narrowestGutter, width / 4)) }

    private var gutter: Int { timeline.fields.isEmpty ? Self.narrowestGutter : Self.gutter(width) }

    /// Columns of each piece.
    private var stretch: Int {
        max(1, Self.room(width: width, hasGroups: !timeline.fields.isEmpty) / max(1, timeline.count))
    }

    package var lines: [String] {
        var lines = plot + axis
        if !timeline.series.isEmpty { lines += [""] + rows }
        return lines.map(\.trimmingTrailingBlanks) + legend
    }

    // MARK: All groups together

    private func value(_ series: Timeline.Series, _ place: Int) -> UInt64 {
        timeline.measure.value(of: series.counts[place])
    }

    private func peak(_ series: Timeline.Series) -> UInt64 {
        (0..<timeline.count).map { value(series, $0) }.max() ?? 0
    }

    private var plot: [String] {
        let peak = peak(timeline.total)
        let levels = (0..<timeline.count).map { level(value(timeline.total, $0), peak, Self.height * 8) }
        return (0..<Self.height).reversed().map { row in
            let mark: UInt64? = row == Self.height - 1 ? peak : row == 3 ? peak / 2 : nil
            let label = mark.flatMap { $0 > 0 ? timeline.measure.text($0) : nil } ?? ""
            let cells = levels.enumerated().map { cell($0.element - row * 8, $0.offset, isLowest: row == 0) }
            return label.clipped(to: gutter, ink).padded(to: gutter, toRight: true) + " " + String(ink.vertical)
                + stretched(cells)
        }
    }

    /// At least 1 for what is not nothing.
    private func level(_ value: UInt64, _ peak: UInt64, _ most: Int) -> Int {
        guard value > 0, peak > 0 else { return 0 }
        return max(1, Int((Double(value) / Double(peak) * Double(most)).rounded()))
    }

    /// A character that is so many eighths full. A time that was not measured is shaded along the axis.
    private func cell(_ eighths: Int, _ place: Int, isLowest: Bool = true) -> Character {
        if timeline.coverage[place] == .none { return isLowest ? ink.unknownBlock : " " }
        if eighths >= 8 { return ink.fullBlock }
        return eighths <= 0 ? " " : ink.levels[eighths - 1]
    }

    private func stretched(_ cells: [Character]) -> String {
        String(cells.flatMap { Array(repeating: $0, count: stretch) })
    }

    private var axis: [String] {
        let columns = timeline.count * stretch
        var lines = [
            "0".padded(to: gutter, toRight: true) + " " + String(ink.corner)
                + String(repeating: ink.horizontal, count: columns)
        ]
        if timeline.overflowPackets.contains(where: { $0 > 0 }) {
            let marks = timeline.overflowPackets.map { $0 > 0 ? Character("!") : " " }
            lines.append(String(repeating: " ", count: gutter + 2) + stretched(marks))
        }
        return lines + [String(repeating: " ", count: gutter + 2) + times(columns)]
    }

    /// Times under the axis, each under the piece that begins then, as far as there is room.
    private func times(_ columns: Int) -> String {
        var text = ""
        let every = TimelineStep.labelled(timeline.step, atLeast: (11 + stretch) / stretch)
        for place in 0..<timeline.count {
            let second = timeline.start + Int64(place) * timeline.step
            let column = place * stretch
            guard (second / timeline.step).isMultiple(of: every) || place == 0 else { continue }
            let label = clock.label(second, every: timeline.step)
            guard text.isEmpty || text.count + 2 <= column, column + label.count <= max(columns, label.count) else {
                continue
            }
            text = text.padded(to: column) + label
        }
        return text
    }

    // MARK: Groups

    private var rows: [String] {
        let title = timeline.fields.map(\.title).joined(separator: " ")
        let head =
            title.clipped(to: gutter, ink).padded(to: gutter) + "  "
            + String(repeating: " ", count: timeline.count * stretch)
            + "       SUM".padded(to: 10, toRight: true) + "      PEAK"
        return [ink.text(head, .bold)] + timeline.series.map(row)
    }

    private func row(_ series: Timeline.Series) -> String {
        let peak = peak(series)
        let cells = (0..<timeline.count).map { place in cell(level(value(series, place), peak, 8), place) }
        let sum = timeline.measure.text(timeline.measure.value(of: series.sum))
        let text =
            name(series).clipped(to: gutter, ink).padded(to: gutter) + "  " + stretched(cells)
            + sum.padded(to: 10, toRight: true) + timeline.measure.text(peak).padded(to: 10, toRight: true)
        let isRejected = series.sum.packets > 0 && series.sum.rejectedPackets == series.sum.packets
        return isRejected ? ink.text(text, .red) : text
    }

    private func name(_ series: Timeline.Series) -> String { timeline.name(series, names) }

    // MARK: What the signs mean

    private var legend: [String] {
        var lines = ["", "\(timeline.measure.noun) every \(TimelineStep.text(timeline.step)); " + timeline.sumText]
        if timeline.coverage.contains(.none) {
            lines.append("\(ink.unknownBlock)  not measured: the store has no window")
        }
        let overflow = timeline.overflowPackets.reduce(0, +)
        if overflow > 0 {
            lines.append("!  \(counted(overflow, "packet")) found no room, and no record has them (SKIPDATA)")
        }
        return lines
    }
}

extension Timeline {
    /// A group's values, or `others`.
    func name(_ series: Series, _ names: GroupNames) -> String {
        series.values.map { names.texts($0, of: fields).joined(separator: " ") } ?? "others"
    }

    /// `12 flows, 34 packets, 5.6 kB`.
    var sumText: String {
        let sum = total.sum
        return "\(counted(sum.flows, "flow")), \(counted(sum.packets, "packet")), \(HumanUnits.octets(sum.octets))"
            + (sum.rejectedPackets > 0 ? ", \(HumanUnits.count(sum.rejectedPackets)) rejected" : "")
    }
}
