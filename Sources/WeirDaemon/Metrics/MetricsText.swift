// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Prometheus's text: families of samples, each with its help and its type.
///
/// Source: Prometheus, "Exposition formats", text-based format, version 0.0.4.
package struct MetricsText {
    package enum Kind: String {
        case counter, gauge, summary
    }

    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var bytes: [UInt8] = []
    private var family = ""

    package init() {}

    /// Begins a family. What follows are its samples.
    package mutating func begin(_ name: String, _ kind: Kind, help: String) {
        family = name
        let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        append("# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
    }

    /// A sample of the family.
    ///
    /// - Parameter suffix: what a summary's parts end with.
    package mutating func add(_ value: UInt64, suffix: String = "", labels: [(name: String, value: String)] = []) {
        add(text: String(value), suffix: suffix, labels: labels)
    }

    package mutating func add(_ value: Double, suffix: String = "", labels: [(name: String, value: String)] = []) {
        add(text: "\(value)", suffix: suffix, labels: labels)
    }

    private mutating func add(text: String, suffix: String, labels: [(name: String, value: String)]) {
        append(family)
        append(suffix)
        if !labels.isEmpty {
            append("{")
            for (index, label) in labels.enumerated() {
                append("\(index == 0 ? "" : ",")\(label.name)=\"")
                // People read it, too.
                appendEscaped(PrintableText.of(label.value, keepsLines: true))
                append("\"")
            }
            append("}")
        }
        append(" ")
        append(text)
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

extension MetricsText {
    /// A family of one sample, or none where the value is not known.
    package mutating func counter(_ name: String, _ value: UInt64?, help: String) {
        guard let value else { return }
        begin(name, .counter, help: help)
        add(value)
    }

    package mutating func gauge(_ name: String, _ value: Double?, help: String) {
        guard let value else { return }
        begin(name, .gauge, help: help)
        add(value)
    }

    package mutating func gauge(_ name: String, _ value: UInt64?, help: String) {
        guard let value else { return }
        begin(name, .gauge, help: help)
        add(value)
    }

    /// What took time, how often, and how much in all.
    package mutating func summary(_ name: String, seconds: Double, count: UInt64, help: String) {
        begin(name, .summary, help: help)
        add(seconds, suffix: "_sum")
        add(count, suffix: "_count")
    }
}
