// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A report and the ratios that are drawn from it, as it is written to a file.
package struct BenchDocument: Encodable {
    private let report: BenchReport
    private let engines: [String]

    /// - Parameter engines: Weir's, by name.
    package init(_ report: BenchReport, engines: [String]) {
        self.report = report
        self.engines = engines
    }

    /// The default engine's.
    package var ratios: Ratios { ratios(of: report.method.defaultEngine) }

    package func ratios(of engine: String) -> Ratios {
        Ratios(of: engine, to: report.method.reference, in: report)
    }

    private enum Keys: String, CodingKey {
        case ratios
        case engineRatios = "engine_ratios"
    }

    package func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(ratios, forKey: .ratios)
        try container.encode(
            Dictionary(uniqueKeysWithValues: engines.map { ($0, ratios(of: $0)) }), forKey: .engineRatios)
    }

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
