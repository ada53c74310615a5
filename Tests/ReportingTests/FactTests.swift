// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reporting
import Testing

/// A section of a report as a component declares it, and what is made of it.
@Suite struct FactTests {
    private struct Well: ReportSection {
        var buckets: UInt64 = 7
        var depth: Double?
        var failure: String?

        static let facts = [
            Fact<Self>("buckets", \.buckets, "Buckets drawn.", .counter, "weir_well_buckets_total"),
            Fact("depth", \.depth, "How deep it is, in metres.", .gauge, "weir_well_depth_metres", note: "Dry: none."),
            Fact(
                "well_failure", \.failure, "Why there is no water.",
                Metric(.gauge, "weir_well_failing", "1 while there is none.") { $0.failure != nil }),
        ]

        var lines: [ReportLine] { [ReportLine("well", "\(buckets) buckets")] }
    }

    private struct Tap: ReportSection {
        var name = ""
        var drops: UInt64 = 0

        static let facts = [
            Fact<Self>("name", \.name, "Its name."),
            Fact("drops", \.drops, "Drops that fell.", .counter, "weir_tap_drops_total"),
        ]
    }

    private struct House: ReportSection {
        var well = Well()
        var main: Tap?
        var taps: [Tap] = []

        static let facts: [Fact<Self>] =
            Fact.all(of: \.well) + [
                Fact(section: "main", \.main, "The tap in the street."),
                Fact(sections: "taps", \.taps, "The taps.", label: "tap", \.name),
            ]

        var lines: [ReportLine] { well.lines + main.lines }
    }

    private static func json(_ house: House) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(house), as: UTF8.self)
    }

    private static func samples(_ house: House) -> [String] {
        String(decoding: MetricsText(House.metrics, of: house).bytes, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.map(String.init)
    }

    private static let full: House = {
        var house = House()
        house.well.depth = 2.5
        house.well.failure = "frost"
        house.main = Tap(name: "street", drops: 1)
        house.taps = [Tap(name: "kitchen", drops: 2), Tap(name: "bath", drops: 3)]
        return house
    }()

    @Test func `facts of a part stand among those of the whole, and what is nil is left out`() throws {
        #expect(try Self.json(House()) == #"{"buckets":7,"taps":[]}"#)
        #expect(
            try Self.json(Self.full) == #"""
                {"buckets":7,"depth":2.5,"main":{"drops":1,"name":"street"},"taps":[{"drops":2,"name":"kitchen"},\#
                {"drops":3,"name":"bath"}],"well_failure":"frost"}
                """#)
    }

    @Test func `what is written is read again, whatever else is there`() throws {
        for house in [House(), Self.full] {
            #expect(try JSONDecoder().decode(House.self, from: Data(try Self.json(house).utf8)) == house)
        }
        let newer = #"{"buckets":9,"taps":[],"fish":3}"#
        #expect(try JSONDecoder().decode(House.self, from: Data(newer.utf8)).well.buckets == 9)
    }

    @Test func `a fact that is always there has to be`() {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(House.self, from: Data(#"{"taps":[]}"#.utf8)) }
    }

    @Test func `metrics come from the same declarations`() {
        #expect(Self.samples(House()) == ["weir_well_buckets_total 7", "weir_well_failing 0"])
        #expect(
            Self.samples(Self.full) == [
                "weir_well_buckets_total 7", "weir_well_depth_metres 2.5", "weir_well_failing 1",
                "weir_tap_drops_total 1", #"weir_tap_drops_total{tap="kitchen"} 2"#,
                #"weir_tap_drops_total{tap="bath"} 3"#,
            ])
    }

    @Test func `so does the documentation`() {
        #expect(
            House.documentation == """
                | key | what | metrics |
                |---|---|---|
                | `buckets` | Buckets drawn. | `weir_well_buckets_total` |
                | `depth` | How deep it is, in metres. | `weir_well_depth_metres` |
                | `well_failure` | Why there is no water. | `weir_well_failing` |
                | `main` | The tap in the street. | – |
                | `main.name` | Its name. | – |
                | `main.drops` | Drops that fell. | `weir_tap_drops_total` |
                | `taps` | The taps. | – |
                | `taps[].name` | Its name. | – |
                | `taps[].drops` | Drops that fell. | `weir_tap_drops_total` |

                """)
        #expect(
            Metric.documentation(of: Well.metrics).contains(
                "\n| `weir_well_depth_metres` | gauge | – | How deep it is, in metres. Dry: none. |\n"))
    }

    @Test func `a section that is not there has no lines`() {
        #expect(Self.full.lines == [ReportLine("well", "7 buckets")])
        #expect(Optional<Well>.none.lines == [])
    }
}
