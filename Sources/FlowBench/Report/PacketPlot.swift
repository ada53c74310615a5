// SPDX-License-Identifier: Apache-2.0

/// Nanoseconds a packet against the number of flows, one line a subject, as an SVG document.
///
/// Both axes are logarithmic: subjects differ by a factor of a hundred, and factors are what is compared.
package struct PacketPlot {
    private let lines: [Line]

    private struct Line {
        let name: String
        /// By flows.
        let points: [(flows: Double, nanoseconds: Double)]
        let color: String
    }

    /// Takes what was measured at the TC hook with IPv4 and uniform flows.
    package init(_ report: BenchReport) {
        let figures = report.packets.filter { $0.isPlain && $0.subject != BenchProgram.empty.rawValue }
        var names: [String] = []
        for figure in figures where !names.contains(figure.subject) { names.append(figure.subject) }
        lines = names.enumerated().map { index, name in
            let own = figures.filter { $0.subject == name }.sorted { $0.flows < $1.flows }
            return Line(
                name: name, points: own.map { (Double($0.flows), max($0.net.median, PlotScale.least)) },
                color: Self.colors[index % Self.colors.count])
        }
    }

    /// Okabe and Ito's, which colour-blind people can tell apart; without yellow, which white paper swallows.
    private static let colors = ["#999999", "#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00"]

    package var svg: String {
        let scale = PlotScale(
            flows: lines.flatMap { $0.points.map(\.flows) }, nanoseconds: lines.flatMap { $0.points.map(\.nanoseconds) }
        )
        let body = grid(scale) + lines.map { curve($0, scale) } + labels(scale)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(PlotScale.width) \(PlotScale.height)" \
            width="\(PlotScale.width)" height="\(PlotScale.height)" font-family="sans-serif" font-size="13">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(PlotScale.left)" y="24" font-size="16">ns a packet over an empty program, TC, IPv4, uniform flows</text>
            \(body.joined(separator: "\n"))
            </svg>

            """
    }
}

extension PacketPlot {
    private func grid(_ scale: PlotScale) -> [String] {
        let rows = scale.nanosecondTicks.flatMap { tick in
            let y = PlotScale.text(scale.y(tick))
            return [
                "<line x1=\"\(PlotScale.left)\" x2=\"\(PlotScale.right)\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#dddddd\"/>",
                "<text x=\"\(PlotScale.left - 8)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(Int(tick))</text>",
            ]
        }
        let columns = scale.flowTicks.flatMap { tick in
            let x = PlotScale.text(scale.x(tick))
            return [
                "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(PlotScale.top)\" y2=\"\(PlotScale.bottom)\" stroke=\"#eeeeee\"/>",
                "<text x=\"\(x)\" y=\"\(PlotScale.bottom + 20)\" text-anchor=\"middle\">\(ReportText.short(Int(tick)))</text>",
            ]
        }
        let middle = (PlotScale.left + PlotScale.right) / 2
        let title = "<text x=\"\(middle)\" y=\"\(PlotScale.bottom + 42)\" text-anchor=\"middle\">flows</text>"
        return rows + columns + [title]
    }

    private func curve(_ line: Line, _ scale: PlotScale) -> String {
        let places = line.points.map { point in
            (x: PlotScale.text(scale.x(point.flows)), y: PlotScale.text(scale.y(point.nanoseconds)))
        }
        let path = places.map { "\($0.x),\($0.y)" }.joined(separator: " ")
        let dots = places.map { "<circle cx=\"\($0.x)\" cy=\"\($0.y)\" r=\"3\" fill=\"\(line.color)\"/>" }
        let stroke = "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(line.color)\" stroke-width=\"2\"/>"
        return ([stroke] + dots).joined(separator: "\n")
    }

    /// Names at the right ends of the lines, moved apart where they would lie on one another.
    private func labels(_ scale: PlotScale) -> [String] {
        let ends = lines.compactMap { line in
            line.points.last.map { (line: line, y: scale.y($0.nanoseconds), value: $0.nanoseconds) }
        }.sorted { $0.y < $1.y }
        let places = PlotScale.apart(ends.map(\.y), by: 18)
        return zip(ends, places).map { end, y in
            let text = "\(Self.escaped(end.line.name)) \(ReportText.number(end.value, digits: end.value < 10 ? 1 : 0))"
            return """
                <text x="\(PlotScale.right + 10)" y="\(PlotScale.text(y))" dy="4" fill="\(end.line.color)">\(text)</text>
                """
        }
    }

    /// A name may come from a command line.
    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(character)
            }
        }.joined()
    }
}
