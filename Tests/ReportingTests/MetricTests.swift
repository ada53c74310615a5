// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct MetricTests {
    /// What a component would report.
    private struct Well: Sendable {
        var litres: UInt64 = 7
        var depth: Double? = 2.5
        var isDry = false
        var buckets = [("a\"b\\c\nd", 3)]
    }

    /// All that it takes to add metrics.
    private static let metrics: [Metric<Well>] = [
        Metric(.counter, "weir_water_litres_total", "Water, with a back\\slash\nand a line.") { $0.litres },
        Metric(.gauge, "weir_depth_metres", "How deep it is.", note: "Left out while it is not known.") { $0.depth },
        Metric(.gauge, "weir_dry", "1 while it is dry.") { $0.isDry },
        Metric(.gauge, "weir_buckets", "Buckets by their owner.", labels: ["owner", "kind"]) { well in
            well.buckets.map { MetricSample([$0.0, "tin"], $0.1) }
        },
        Metric(summary: "weir_work_seconds", "Work.") { _ in (0.25, 3) },
    ]

    @Test func `the page for Prometheus comes from the declarations`() {
        let text = MetricsText(Self.metrics, of: Well())
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == #"""
                # HELP weir_water_litres_total Water, with a back\\slash\nand a line.
                # TYPE weir_water_litres_total counter
                weir_water_litres_total 7
                # HELP weir_depth_metres How deep it is.
                # TYPE weir_depth_metres gauge
                weir_depth_metres 2.5
                # HELP weir_dry 1 while it is dry.
                # TYPE weir_dry gauge
                weir_dry 0
                # HELP weir_buckets Buckets by their owner.
                # TYPE weir_buckets gauge
                weir_buckets{owner="a\"b\\c\nd",kind="tin"} 3
                # HELP weir_work_seconds Work.
                # TYPE weir_work_seconds summary
                weir_work_seconds_sum 0.25
                weir_work_seconds_count 3

                """#)
    }

    @Test func `a metric whose value is not known is left out`() {
        let text = MetricsText(Self.metrics, of: Well(depth: nil, buckets: []))
        let page = String(decoding: text.bytes, as: UTF8.self)
        #expect(!page.contains("weir_depth_metres") && page.contains("# TYPE weir_buckets gauge\n# HELP weir_work"))
    }

    @Test func `the documentation's rows come from the same declarations`() {
        let rows = Metric.documentation(of: Array(Self.metrics.dropFirst()))
        #expect(
            rows == """
                | metric | type | labels | what |
                |---|---|---|---|
                | `weir_depth_metres` | gauge | – | How deep it is. Left out while it is not known. |
                | `weir_dry` | gauge | – | 1 while it is dry. |
                | `weir_buckets` | gauge | `owner`, `kind` | Buckets by their owner. |
                | `weir_work_seconds` | summary | – | Work. |

                """)
    }
}
