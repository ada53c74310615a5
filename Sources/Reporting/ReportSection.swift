// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a component says of itself: a value with the list of its facts, from which JSON, metrics and documentation come, and beside it the
/// lines in which `weir status` tells them to people, and what of it `weir status --check` warns of.
///
/// A field that is not in the list is in no report.
package protocol ReportSection: Codable, Equatable, Sendable {
    /// What is there before anything is known; decoding fills it in.
    init()
    /// In the order of the documentation.
    static var facts: [Fact<Self>] { get }
    /// For people.
    var lines: [ReportLine] { get }
    /// What is not as it should be now.
    var concerns: [Concern] { get }
}

extension ReportSection {
    package var lines: [ReportLine] { [] }

    package var concerns: [Concern] { [] }

    package static var metrics: [Metric<Self>] { facts.flatMap(\.metrics) }

    package init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: FactKey.self)
        for fact in Self.facts { try fact.decode(&self, container) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FactKey.self)
        for fact in Self.facts { try fact.encode(self, &container) }
    }
}

extension Optional where Wrapped: ReportSection {
    /// None where there is no section.
    package var lines: [ReportLine] { self?.lines ?? [] }

    package var concerns: [Concern] { self?.concerns ?? [] }
}

/// A line of `weir status`: what it is about, in a column of its own, and the text. What goes on from the line before has no name.
package struct ReportLine: Equatable, Sendable {
    package let name: String
    package let text: String

    package init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }

    /// A time as these lines have it, from Unix seconds.
    package static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
    }

    /// The sentence about a disk or a sink that does not answer.
    package static func stalled(_ who: String, _ seconds: Double) -> String {
        "\(who) has not answered for \(Int(seconds)) s"
    }
}

/// A row of the documentation's table of facts.
struct FactRow: Sendable {
    let key: String
    let meaning: String
    let metrics: [String]
}

extension ReportSection {
    static func rows(below prefix: String) -> [FactRow] {
        facts.flatMap { fact in
            let row = FactRow(
                key: prefix + fact.key, meaning: fact.meaning,
                metrics: fact.parts.isEmpty ? fact.metrics.map(\.name) : [])
            return [row]
                + fact.parts.map {
                    FactRow(key: prefix + $0.key, meaning: $0.meaning, metrics: $0.metrics)
                }
        }
    }

    /// The rows of the documentation's table, in Markdown.
    package static var documentation: String {
        let head = ["| key | what | metrics |", "|---|---|---|"]
        let rows = rows(below: "").map { row in
            let metrics = row.metrics.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(row.key)` | \(row.meaning) | \(metrics.isEmpty ? "–" : metrics) |"
        }
        return (head + rows).map { "\($0)\n" }.joined()
    }
}
