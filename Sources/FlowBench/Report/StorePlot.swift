// SPDX-License-Identifier: Apache-2.0

/// What the store costs against what it may cost, a bar each, as an SVG document: a bar that ends at the line uses up what is allowed.
package struct StorePlot {
    private struct Bar {
        let name: String
        let value: Double
        let allowed: Double
        let unit: String
    }

    private let records: Int
    private let bars: [Bar]

    private static let (width, left, right) = (860.0, 270.0, 640.0)
    private static let (top, step) = (64.0, 30.0)
    /// Of what is allowed: how far the drawing goes.
    private static let most = 1.25

    /// nil where the store was not measured.
    package init?(_ report: BenchReport) {
        guard let figure = report.stores.last else { return nil }
        records = figure.records
        bars =
            [
                Bar(name: "records to a segment", value: figure.written.median, allowed: 1000, unit: "ns a record"),
                Bar(name: "store to AWS text.gz", value: figure.exported, allowed: 1000, unit: "ns a record"),
                Bar(name: "size in segments", value: figure.bytesASegmentRecord, allowed: 16, unit: "B a record"),
                Bar(
                    name: "size, merged by the hour", value: figure.bytesAMergedRecord, allowed: 14, unit: "B a record"),
            ]
            + figure.questions.map { question in
                Bar(
                    name: question.words, value: question.seconds, allowed: question.words.hasPrefix("top") ? 8 : 1,
                    unit: "s")
            }
    }

    package var svg: String {
        let height = Self.top + Double(bars.count) * Self.step + 20
        let line = PlotScale.text(Self.x(1))
        let bottom = PlotScale.text(height - 20)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(height))" \
            width="\(Int(Self.width))" height="\(Int(height))" font-family="sans-serif" font-size="13">
            <rect width="100%" height="100%" fill="white"/>
            <text x="16" y="24" font-size="16">The store: CPU time and room of what is allowed, an hour of \(records) records</text>
            <line x1="\(line)" x2="\(line)" y1="\(PlotScale.text(Self.top - 12))" y2="\(bottom)" stroke="#000000" stroke-dasharray="4 3"/>
            <text x="\(line)" y="\(PlotScale.text(Self.top - 18))" text-anchor="middle">allowed</text>
            \(bars.enumerated().map { Self.row($1, number: $0) }.joined(separator: "\n"))
            </svg>

            """
    }

    /// What is within it is blue, what is not is red, with its figures beside it: colour alone tells nothing.
    private static func row(_ bar: Bar, number: Int) -> String {
        let share = bar.value / bar.allowed
        let y = top + Double(number) * step
        let digits = bar.value < 100 ? 1 : 0
        let text =
            "\(ReportText.number(bar.value, digits: digits)) of \(ReportText.number(bar.allowed, digits: 0)) \(bar.unit)"
        return """
            <text x="\(PlotScale.text(left - 10))" y="\(PlotScale.text(y + 15))" text-anchor="end">\(bar.name)</text>
            <rect x="\(PlotScale.text(left))" y="\(PlotScale.text(y + 2))" width="\(PlotScale.text(x(share) - left))" height="18" \
            fill="\(share <= 1 ? "#0072B2" : "#D55E00")"/>
            <text x="\(PlotScale.text(right + 16))" y="\(PlotScale.text(y + 15))">\(text)</text>
            """
    }

    private static func x(_ share: Double) -> Double { left + min(share, most) / most * (right - left) }
}
