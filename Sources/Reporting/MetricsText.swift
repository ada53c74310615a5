// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Prometheus's text: families of samples, each with its help and its type.
///
/// Source: Prometheus, "Exposition formats", text-based format, version 0.0.4.
package struct MetricsText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var bytes: [UInt8] = []

    /// The page of these metrics, with their values as they are now.
    package init<Source>(_ metrics: [Metric<Source>], of source: Source) {
        for metric in metrics {
            guard let samples = metric.samples(source) else { continue }
            begin(metric.name, metric.kind.rawValue, metric.help)
            for sample in samples {
                add(metric.name + sample.suffix, zip(metric.labels, sample.labels), sample.value.metricText)
            }
        }
    }

    private mutating func begin(_ name: String, _ kind: String, _ help: String) {
        let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        append("# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n")
    }

    private mutating func add(_ name: String, _ labels: Zip2Sequence<[String], [String]>, _ value: String) {
        append(name)
        var separator = "{"
        for (label, value) in labels {
            append("\(separator)\(label)=\"")
            // People read it, too.
            appendEscaped(PrintableText.of(value, keepsLines: true))
            append("\"")
            separator = ","
        }
        append(separator == "," ? "} " : " ")
        append(value)
        append("\n")
    }

    private mutating func append(_ text: String) { bytes += text.utf8 }

    private mutating func appendEscaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\n"): append("\\n")
            default: bytes.append(byte)
            }
        }
    }
}
