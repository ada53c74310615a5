// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore

/// A ranking as a table for people, with bars where the width is known.
///
/// A narrow terminal has fewer columns: what the groups are ordered by stays, and the longest names are cut off.
package struct RankingTable: Sendable {
    private let ranking: Ranking
    private let names: GroupNames
    private let ink: Ink
    /// Columns of the terminal; nil: as many as the table takes, and no bars.
    private let width: Int?

    private static let widestBar = 60
    private static let narrowestBar = 8
    private static let narrowestName = 6

    package init(_ ranking: Ranking, names: GroupNames, _ ink: Ink, width: Int?) {
        self.ranking = ranking
        self.names = names
        self.ink = ink
        self.width = width
    }

    /// The head and a line for each group.
    ///
    /// - Parameter shown: which of the groups.
    package func lines(_ shown: Range<Int>) -> [String] {
        let groups = Array(ranking.groups[shown.clamped(to: ranking.groups.indices)])
        let keys = groups.map { names.texts($0.values, of: ranking.fields) }
        let titles = ranking.fields.map(\.title)
        var keyWidths = titles.indices.map { column in
            max(titles[column].columns, keys.map { $0[column].columns }.max() ?? 0)
        }
        let all = Quantity.allCases.map { quantity in
            let cells = groups.map { quantity.text($0.counts, ranking) }
            return Column(quantity, cells, width: max(quantity.title.count, cells.map(\.columns).max() ?? 0))
        }
        let columns = choose(all, keyWidths)
        let taken = columns.reduce(0) { $0 + $1.width + 2 }
        if let width { keyWidths = Self.narrowed(keyWidths, to: width - taken) }
        let used = keyWidths.reduce(0, +) + 2 * (keyWidths.count - 1) + taken
        let bar = width.map { min(Self.widestBar, $0 - used - 2) } ?? 0
        let head = line(titles, keyWidths, columns.map(\.quantity.title), columns)
        return [ink.text(head.trimmingTrailingBlanks, .bold)]
            + groups.indices.map { index in
                let text = line(keys[index], keyWidths, columns.map { $0.cells[index] }, columns)
                let counts = groups[index].counts
                guard bar >= Self.narrowestBar else { return shaded(text, counts) }
                return shaded(text, counts) + "  " + self.bar(counts, bar)
            }
    }

    /// What all groups count together, as one line.
    package func footer(shown: Int, hint: String) -> String {
        let sum = ranking.sum
        var parts = [
            counted(ranking.groups.count, "group"), counted(sum.flows, "flow"), counted(sum.packets, "packet"),
            HumanUnits.octets(sum.octets),
        ]
        if let rate = ranking.rate(of: sum), rate > 0 { parts.append("\(HumanUnits.octets(rate))/s") }
        if sum.rejectedPackets > 0 { parts.append("\(HumanUnits.count(sum.rejectedPackets)) rejected") }
        if sum.overflowPackets > 0 {
            parts.append("and \(counted(sum.overflowPackets, "packet")) that found no room (SKIPDATA)")
        }
        let text = parts.joined(separator: ", ")
        return shown < ranking.groups.count ? "\(text); the first \(shown) are shown\(hint)" : text
    }

    private struct Column {
        let quantity: Quantity
        let cells: [String]
        let width: Int

        init(_ quantity: Quantity, _ cells: [String], width: Int) {
            self.quantity = quantity
            self.cells = cells
            self.width = width
        }
    }

    /// Which columns of numbers there is room for, in the order of the table.
    private func choose(_ all: [Column], _ keyWidths: [Int]) -> [Column] {
        guard let width else { return all }
        let most = Quantity(ranking.measure)
        var chosen: Set<Quantity> = [most]
        var rest = width - keyWidths.reduce(0, +) - 2 * (keyWidths.count - 1)
        rest -= (all.first { $0.quantity == most }?.width ?? 0) + 2 + Self.narrowestBar + 2
        for quantity in Quantity.byUse {
            guard let column = all.first(where: { $0.quantity == quantity }), !chosen.contains(quantity) else {
                continue
            }
            guard rest >= column.width + 2 else { break }
            rest -= column.width + 2
            chosen.insert(quantity)
        }
        return all.filter { chosen.contains($0.quantity) }
    }

    /// Cuts the widest down until all fit, with two blanks between.
    private static func narrowed(_ widths: [Int], to room: Int) -> [Int] {
        var widths = widths
        while widths.reduce(0, +) + 2 * (widths.count - 1) > room {
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > narrowestName
            else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private func line(_ keys: [String], _ keyWidths: [Int], _ cells: [String], _ columns: [Column]) -> String {
        let left = zip(keys, keyWidths).map { $0.clipped(to: $1, ink).padded(to: $1) }
        let right = zip(cells, columns).map { $0.padded(to: $1.width, toRight: true) }
        return (left + right).joined(separator: "  ")
    }

    /// Red where everything was rejected, yellow where some was.
    private func shaded(_ text: String, _ counts: StoreTotals.Counts) -> String {
        guard counts.rejectedPackets > 0 else { return text }
        return ink.text(text, counts.rejectedPackets == counts.packets ? .red : .yellow)
    }

    /// As long as the group's share of the largest; its end, shaded, is the part that was rejected.
    private func bar(_ counts: StoreTotals.Counts, _ width: Int) -> String {
        let largest = ranking.groups.first.map { ranking.measure.value(of: $0.counts) } ?? 0
        let value = ranking.measure.value(of: counts)
        guard largest > 0, value > 0 else { return "" }
        let steps = ink.eighths.count
        let length = max(1, Int((Double(value) / Double(largest) * Double(width * steps)).rounded()))
        let rejected = ranking.measure.rejected(of: counts)
        guard rejected > 0 else {
            var text = String(repeating: ink.fullBlock, count: length / steps)
            if length % steps > 0 { text.append(ink.eighths[length % steps - 1]) }
            return ink.text(text, .green)
        }
        let cells = max(1, (length + steps - 1) / steps)
        let part = Double(min(rejected, value)) / Double(value) * Double(cells)
        let shaded = min(cells, max(1, Int(part.rounded())))
        return ink.text(String(repeating: ink.fullBlock, count: cells - shaded), .green)
            + ink.text(String(repeating: ink.shadedBlock, count: shaded), .red)
    }
}

/// A column of numbers.
private enum Quantity: CaseIterable {
    case flows, packets, octets, rate, rejected, share

    init(_ measure: Measure) {
        self =
            switch measure {
            case .bytes: .octets
            case .packets: .packets
            case .flows: .flows
            case .rejects: .rejected
            }
    }

    /// The most useful first: what a narrow table keeps.
    static let byUse: [Quantity] = [.rate, .share, .rejected, .packets, .octets, .flows]

    var title: String {
        switch self {
        case .flows: Measure.flows.title
        case .packets: Measure.packets.title
        case .octets: Measure.bytes.title
        case .rate: "OCTETS/S"
        case .rejected: Measure.rejects.title
        case .share: "SHARE"
        }
    }

    func text(_ counts: StoreTotals.Counts, _ ranking: Ranking) -> String {
        switch self {
        case .flows: return Measure.flows.text(counts.flows)
        case .packets: return Measure.packets.text(counts.packets)
        case .octets: return Measure.bytes.text(counts.octets)
        case .rate: return ranking.rate(of: counts).map { HumanUnits.octets($0) } ?? "-"
        case .rejected: return counts.rejectedPackets == 0 ? "-" : HumanUnits.count(counts.rejectedPackets)
        case .share:
            let all = ranking.measure.value(of: ranking.sum)
            guard all > 0 else { return "-" }
            let tenths = (Double(ranking.measure.value(of: counts)) / Double(all) * 1000).rounded()
            return "\(Int(tenths) / 10).\(Int(tenths) % 10) %"
        }
    }
}
