// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore

/// A timeline as a picture (SVG 1.1) that needs nothing else: stacked bars over an axis of time, with a legend.
///
/// It has a title and a description for readers that cannot see it, colours for light and dark pages, and a pattern for each group, so that
/// it can be read without colours.
package struct TimelineSVG: Sendable {
    private let timeline: Timeline
    private let names: GroupNames
    private let clock: ClockText
    private let subject: String
    private let width: Double
    private let plot: Box

    private struct Box {
        let left, top, width, height: Double
        var bottom: Double { top + height }
        var right: Double { left + width }
    }

    private static let legendLine = 22.0

    /// - Parameters:
    ///   - subject: what the records are, for the title: `all records`.
    ///   - width: pixels.
    package init(_ timeline: Timeline, names: GroupNames, _ clock: ClockText, subject: String, width: Int) {
        self.timeline = timeline
        self.names = names
        self.clock = clock
        self.subject = subject
        self.width = Double(width)
        plot = Box(left: 76, top: 52, width: Double(width) - 76 - 16, height: 240)
    }

    private var series: [Timeline.Series] { timeline.series.isEmpty ? [timeline.total] : timeline.series }

    private var isSplit: Bool { !timeline.series.isEmpty }

    private var height: Double {
        plot.bottom + 34 + (isSplit ? Double(series.count) * Self.legendLine : 0) + Double(notes.count) * 18 + 12
    }

    package var text: String {
        let patterns = isSplit ? SVGPatterns.definitions(series.count) : ""
        let size =
            "width=\"\(number(width))\" height=\"\(number(height))\" viewBox=\"0 0 \(number(width)) \(number(height))\""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" \(size) role="img" aria-labelledby="weir-title weir-desc">
            <title id="weir-title">\(escaped(title))</title>
            <desc id="weir-desc">\(escaped(description))</desc>
            <style>\(SVGPatterns.style)</style>
            <defs>\(SVGPatterns.gap)\(patterns)</defs>
            <rect class="page" width="100%" height="100%"/>
            <text class="head" x="\(number(plot.left))" y="22">\(escaped(title))</text>
            <text class="small" x="\(number(plot.left))" y="40">\(escaped(span + "; " + timeline.sumText))</text>
            \((scale + gaps + bars + axis + legend + noteLines).joined(separator: "\n"))
            </svg>

            """
    }

    // MARK: Words

    private var title: String {
        let by = timeline.fields.isEmpty ? "" : " by " + timeline.fields.map(\.word).joined(separator: ", ")
        return "\(Self.capitalized(timeline.measure.noun)) every \(TimelineStep.text(timeline.step))\(by): \(subject)"
    }

    private var span: String { "\(clock.full(timeline.start)) to \(clock.full(timeline.end))" }

    private var description: String {
        let values = (0..<timeline.count).map { value(timeline.total, $0) }
        let peak = values.max() ?? 0
        var text = "\(span). \(timeline.sumText). "
        if peak > 0, let place = values.firstIndex(of: peak) {
            text += "The peak is \(timeline.measure.text(peak)) at \(clock.full(second(place))). "
        }
        if isSplit {
            let parts = series.map { "\(timeline.name($0, names)): \(timeline.measure.text(sum($0)))" }
            text += "Groups: " + parts.joined(separator: "; ") + ". "
        }
        return (text + notes.joined(separator: ". ")).trimmingTrailingBlanks
    }

    private var notes: [String] {
        let missing = timeline.coverage.filter { $0 == .none }.count
        let overflow = timeline.overflowPackets.reduce(0, +)
        return (missing > 0 ? ["Hatched: not measured (\(counted(missing, "piece")) of time)"] : [])
            + (overflow > 0
                ? ["!: \(counted(overflow, "packet")) found no room, and no record has them (SKIPDATA)"] : [])
    }

    // MARK: Values

    private func value(_ series: Timeline.Series, _ place: Int) -> UInt64 {
        timeline.measure.value(of: series.counts[place])
    }

    private func sum(_ series: Timeline.Series) -> UInt64 { timeline.measure.value(of: series.sum) }

    private func second(_ place: Int) -> Int64 { timeline.start + Int64(place) * timeline.step }

    /// The value at the upper edge: 1, 2 or 5 times a power of ten, or four of the steps between.
    private var top: Double {
        let peak = Double(max(1, (0..<timeline.count).map { value(timeline.total, $0) }.max() ?? 0))
        return tick(peak) * (peak / tick(peak)).rounded(.up)
    }

    private func tick(_ peak: Double) -> Double {
        var power = 1.0
        while power * 10 <= peak / 2 { power *= 10 }
        return [1.0, 2, 5, 10].map { $0 * power }.first { peak / $0 <= 5 } ?? power
    }

    private func x(_ place: Int) -> Double { plot.left + plot.width * Double(place) / Double(timeline.count) }

    private func y(_ value: Double) -> Double { plot.bottom - plot.height * value / top }

    // MARK: Parts

    private var scale: [String] {
        let step = tick(top)
        return stride(from: 0, through: top, by: step).map { value in
            let text = timeline.measure.text(UInt64(value))
            return """
                <path class="grid" d="M\(number(plot.left)) \(number(y(value)))H\(number(plot.right))"/>\
                <text class="small" text-anchor="end" x="\(number(plot.left - 8))" y="\(number(y(value) + 4))">\(text)</text>
                """
        }
    }

    private var gaps: [String] {
        timeline.coverage.indices.filter { timeline.coverage[$0] == .none }.map { place in
            """
            <rect fill="url(#weir-gap)" x="\(number(x(place)))" y="\(number(plot.top))" \
            width="\(number(x(place + 1) - x(place)))" height="\(number(plot.height))">\
            <title>\(clock.full(second(place))): not measured</title></rect>
            """
        }
    }

    private var bars: [String] {
        let gap = plot.width / Double(timeline.count) > 4 ? 1.0 : 0
        return (0..<timeline.count).flatMap { place -> [String] in
            var base = 0.0
            return series.indices.compactMap { index in
                let value = value(series[index], place)
                guard value > 0 else { return nil }
                let low = y(base)
                base += Double(value)
                let title =
                    "\(clock.full(second(place))) \(isSplit ? timeline.name(series[index], names) + ": " : "")\(timeline.measure.text(value))"
                return """
                    <rect \(SVGPatterns.fill(index, isSplit)) x="\(number(x(place) + gap / 2))" \
                    y="\(number(y(base)))" width="\(number(x(place + 1) - x(place) - gap))" \
                    height="\(number(low - y(base)))"><title>\(escaped(title))</title></rect>
                    """
            }
        }
    }

    private var axis: [String] {
        var parts = [
            "<path class=\"axis\" d=\"M\(number(plot.left)) \(number(plot.bottom))H\(number(plot.right))\"/>"
        ]
        let every = max(1, Int((70 * Double(timeline.count) / plot.width).rounded(.up)))
        let usual = TimelineStep.labelled(timeline.step, atLeast: every)
        for place in 0..<timeline.count where (second(place) / timeline.step).isMultiple(of: usual) {
            let label = clock.label(second(place), every: timeline.step)
            parts.append(
                """
                <path class="axis" d="M\(number(x(place))) \(number(plot.bottom))v5"/>\
                <text class="small" x="\(number(x(place)))" y="\(number(plot.bottom + 19))" text-anchor="middle">\(label)</text>
                """)
        }
        for place in 0..<timeline.count where timeline.overflowPackets[place] > 0 {
            let middle = (x(place) + x(place + 1)) / 2
            parts.append(
                """
                <text class="mark" text-anchor="middle" x="\(number(middle))" y="\(number(plot.top + 12))">!\
                <title>\(clock.full(second(place))): \(counted(timeline.overflowPackets[place], "packet")) found no room</title></text>
                """)
        }
        return parts
    }

    private var legend: [String] {
        guard isSplit else { return [] }
        return series.indices.map { index in
            let y = plot.bottom + 34 + Double(index) * Self.legendLine
            let text = "\(timeline.name(series[index], names)): \(timeline.measure.text(sum(series[index])))"
            return """
                <rect class="box" \(SVGPatterns.fill(index, true)) x="\(number(plot.left))" y="\(number(y))" width="26" height="14"/>\
                <text x="\(number(plot.left + 36))" y="\(number(y + 12))">\(escaped(text))</text>
                """
        }
    }

    private var noteLines: [String] {
        notes.indices.map { index in
            let y = height - 12 - Double(notes.count - 1 - index) * 18
            return "<text class=\"small\" x=\"\(number(plot.left))\" y=\"\(number(y))\">\(escaped(notes[index]))</text>"
        }
    }

    // MARK: Text

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    private func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths) % 10)"
    }

    private func escaped(_ text: String) -> String {
        PrintableText.of(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
