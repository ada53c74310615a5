// SPDX-License-Identifier: Apache-2.0

/// A fact that a section of a report states, declared once: its name in JSON, where its value lies, what it means, and its metrics.
///
/// JSON, the page for Prometheus, and both tables in the documentation come from the list of a section's facts.
package struct Fact<Section>: Sendable {
    /// In JSON: words in lower case with `_` between them.
    let key: String
    /// In one sentence or two, for the documentation; and for the metric, where that has the same value.
    let meaning: String
    package let metrics: [Metric<Section>]
    /// The rows of its parts, where it is a section or a list of them.
    let parts: [FactRow]
    let encode: @Sendable (Section, inout KeyedEncodingContainer<FactKey>) throws -> Void
    let decode: @Sendable (inout Section, KeyedDecodingContainer<FactKey>) throws -> Void

    package typealias Path<Value> = WritableKeyPath<Section, Value> & Sendable
}

/// The name of a fact.
struct FactKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Fact {
    private init<Value: Codable & Sendable>(
        _ key: String, _ path: any Path<Value>, _ meaning: String, _ metrics: [Metric<Section>], parts: [FactRow]
    ) {
        let name = FactKey(stringValue: key)
        self.init(
            key: key, meaning: meaning, metrics: metrics, parts: parts,
            encode: { try $1.encode($0[keyPath: path], forKey: name) },
            decode: { $0[keyPath: path] = try $1.decode(Value.self, forKey: name) })
    }

    /// Left out of JSON while it is nil.
    private init<Value: Codable & Sendable>(
        optional key: String, _ path: any Path<Value?>, _ meaning: String, _ metrics: [Metric<Section>],
        parts: [FactRow]
    ) {
        let name = FactKey(stringValue: key)
        self.init(
            key: key, meaning: meaning, metrics: metrics, parts: parts,
            encode: { try $1.encodeIfPresent($0[keyPath: path], forKey: name) },
            decode: { $0[keyPath: path] = try $1.decodeIfPresent(Value.self, forKey: name) })
    }

    /// What has no metric, or others than its value.
    package init<Value: Codable & Sendable>(
        _ key: String, _ path: any Path<Value>, _ meaning: String, _ metrics: Metric<Section>...
    ) {
        self.init(key, path, meaning, metrics, parts: [])
    }

    /// What an older daemon does not say, or what is not always there.
    package init<Value: Codable & Sendable>(
        _ key: String, _ path: any Path<Value?>, _ meaning: String, _ metrics: Metric<Section>...
    ) {
        self.init(optional: key, path, meaning, metrics, parts: [])
    }

    /// A number that is a metric, too.
    package init<Value: Codable & MetricNumber>(
        _ key: String, _ path: any Path<Value>, _ meaning: String, _ kind: MetricKind, _ metric: String,
        note: String? = nil
    ) {
        let metric = Metric<Section>(kind, metric, meaning, note: note) { $0[keyPath: path] }
        self.init(key, path, meaning, [metric], parts: [])
    }

    /// A number that is a metric, too: the metric is left out while there is none.
    package init<Value: Codable & MetricNumber>(
        _ key: String, _ path: any Path<Value?>, _ meaning: String, _ kind: MetricKind, _ metric: String,
        note: String? = nil
    ) {
        let metric = Metric<Section>(kind, metric, meaning, note: note) { $0[keyPath: path] }
        self.init(optional: key, path, meaning, [metric], parts: [])
    }
}

extension Fact {
    /// A section within this one.
    package init<Part: ReportSection>(section key: String, _ path: any Path<Part>, _ meaning: String) {
        self.init(
            key, path, meaning, Part.metrics.map { $0.of { $0[keyPath: path] } }, parts: Part.rows(below: key + "."))
    }

    /// A section within this one; its metrics are left out while it is nil.
    package init<Part: ReportSection>(section key: String, _ path: any Path<Part?>, _ meaning: String) {
        self.init(
            optional: key, path, meaning, Part.metrics.map { $0.of { $0[keyPath: path] } },
            parts: Part.rows(below: key + "."))
    }

    /// A section for each of several things, which a label of its metrics names.
    package init<Part: ReportSection>(
        sections key: String, _ path: any Path<[Part]>, _ meaning: String, label: String,
        _ name: any KeyPath<Part, String> & Sendable
    ) {
        let metrics = Part.metrics.map { metric in
            metric.ofEach(label) { (section: Section) in section[keyPath: path].map { ($0[keyPath: name], $0) } }
        }
        let name = FactKey(stringValue: key)
        self.init(
            key: key, meaning: meaning, metrics: metrics, parts: Part.rows(below: key + "[]."),
            encode: { try $1.encode($0[keyPath: path], forKey: name) },
            // A daemon of a version that had none of these says nothing of them.
            decode: { $0[keyPath: path] = try $1.decodeIfPresent([Part].self, forKey: name) ?? [] })
    }

    /// The facts of a section whose names stand among those of this one.
    package static func all<Part: ReportSection>(of path: any Path<Part>) -> [Fact] {
        Part.facts.map { fact in
            Fact(
                key: fact.key, meaning: fact.meaning, metrics: fact.metrics.map { $0.of { $0[keyPath: path] } },
                parts: fact.parts,
                encode: { try fact.encode($0[keyPath: path], &$1) },
                decode: { try fact.decode(&$0[keyPath: path], $1) })
        }
    }
}
