// SPDX-License-Identifier: Apache-2.0

/// A number that a sample can have, as Prometheus reads it.
package protocol MetricNumber: Sendable {
    var metricText: String { get }
}

extension UInt64: MetricNumber { package var metricText: String { String(self) } }
extension Int64: MetricNumber { package var metricText: String { String(self) } }
extension Int: MetricNumber { package var metricText: String { String(self) } }
extension Double: MetricNumber { package var metricText: String { "\(self)" } }
/// 1 while something is so.
extension Bool: MetricNumber { package var metricText: String { self ? "1" : "0" } }

package enum MetricKind: String, Sendable {
    case counter, gauge, summary
}

package struct MetricSample: Sendable {
    /// One for each label of the metric, in their order.
    package let labels: [String]
    package let value: any MetricNumber
    /// What a summary's parts end with.
    package let suffix: String

    package init(_ labels: [String], _ value: any MetricNumber, suffix: String = "") {
        self.labels = labels
        self.value = value
        self.suffix = suffix
    }
}

/// A metric: the page for Prometheus and the table in the documentation both come from its declaration. Most stand in a `Fact`.
///
/// `Source` is what its values are read from.
package struct Metric<Source>: Sendable {
    /// Begins with `weir_` and ends with the unit; a counter's ends with `_total`. What other exporters have as well has the name that they gave it.
    package let name: String
    package let kind: MetricKind
    /// What it counts, in one sentence: shown on the metrics page and in the documentation.
    package let help: String
    /// What the documentation says beside the help.
    package let note: String?
    package let labels: [String]
    /// nil where the metric is left out, because what it tells of is not there.
    let samples: @Sendable (Source) -> [MetricSample]?

    /// A metric whose labels tell its samples apart.
    package init(
        _ kind: MetricKind, _ name: String, _ help: String, note: String? = nil, labels: [String],
        samples: @escaping @Sendable (Source) -> [MetricSample]?
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.note = note
        self.labels = labels
        self.samples = samples
    }

    /// A metric of one sample; it is left out where its value is nil.
    package init(
        _ kind: MetricKind, _ name: String, _ help: String, note: String? = nil,
        value: @escaping @Sendable (Source) -> (any MetricNumber)?
    ) {
        self.init(kind, name, help, note: note, labels: []) { source in value(source).map { [MetricSample([], $0)] } }
    }

    /// What takes time: how long in all, and how often.
    package init(
        summary name: String, _ help: String, note: String? = nil,
        value: @escaping @Sendable (Source) -> (seconds: Double, count: UInt64)
    ) {
        self.init(.summary, name, help, note: note, labels: []) { source in
            let (seconds, count) = value(source)
            return [MetricSample([], seconds, suffix: "_sum"), MetricSample([], count, suffix: "_count")]
        }
    }
}

extension Metric {
    /// The same metric, read from what has its source; left out where that has none.
    package func of<Whole>(_ source: @escaping @Sendable (Whole) -> Source?) -> Metric<Whole> {
        Metric<Whole>(kind, name, help, note: note, labels: labels) { source($0).flatMap(samples) }
    }

    /// The same metric of each of several sources, which a label more tells apart.
    func ofEach<Whole>(
        _ label: String, _ sources: @escaping @Sendable (Whole) -> [(name: String, source: Source)]
    ) -> Metric<Whole> {
        Metric<Whole>(kind, name, help, note: note, labels: [label] + labels) { whole in
            sources(whole).flatMap { name, source in
                (samples(source) ?? []).map { MetricSample([name] + $0.labels, $0.value, suffix: $0.suffix) }
            }
        }
    }
}

extension Metric {
    /// The rows of the documentation's table, in Markdown.
    package static func documentation(of metrics: [Metric]) -> String {
        let head = ["| metric | type | labels | what |", "|---|---|---|---|"]
        let rows = metrics.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            let text = [metric.help, metric.note].compactMap(\.self).joined(separator: " ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels.isEmpty ? "–" : labels) | \(text) |"
        }
        return (head + rows).map { "\($0)\n" }.joined()
    }
}
