// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import Reporting

/// How the emptying of tables keeps up. Counts are since the daemon started.
package struct SwapReport: ReportSection {
    package var swaps: UInt64 = 0
    package var earlySwaps: UInt64 = 0
    package var swapSeconds: Double?
    package var swapSecondsTotal: Double = 0
    package var drainSeconds: Double?
    package var drainSecondsTotal: Double = 0
    package var occupancy: Double?
    package var occupancyHighWater: Double?
    package var saturationPerPort: Double?
    package var saturation: Double?

    package init() {}

    package static let facts = [
        Fact<Self>("swaps", \.swaps, "How often tables were emptied, at edges and before them."),
        Fact(
            "early_swaps", \.earlySwaps, "Swaps before a window's edge, because tables filled up.", .counter,
            "weir_early_swaps_total"),
        Fact("swap_seconds", \.swapSeconds, "How long the last swap took; left out before the first."),
        Fact(
            "swap_seconds_total", \.swapSecondsTotal, "How long all swaps took.",
            Metric(summary: "weir_swap_seconds", "Time of a swap, until no program writes the closed generation.") {
                ($0.swapSecondsTotal, $0.swaps)
            }),
        Fact(
            "drain_seconds", \.drainSeconds, "How long it took to read and merge what the last swap closed."),
        Fact(
            "drain_seconds_total", \.drainSecondsTotal, "How long that took for all swaps.",
            Metric(summary: "weir_drain_seconds", "Time to read and merge a closed generation.") {
                ($0.drainSecondsTotal, $0.swaps)
            }),
        Fact(
            "occupancy", \.occupancy, "Part of the fullest CPU's table that the open window has taken.", .gauge,
            "weir_table_occupancy_ratio", note: "From 0 to 1; left out for `percpu-hash`."),
        Fact(
            "occupancy_high_water", \.occupancyHighWater, "The most that it was since the daemon started.", .gauge,
            "weir_table_occupancy_high_water_ratio"),
        Fact(
            "saturation_flows_per_second_per_port", \.saturationPerPort,
            "New flows a second of one port, over all CPUs, beyond which some may not find room; left out until a window told."
        ),
        Fact("saturation_flows_per_second", \.saturation, "The same of many ports."),
    ]

    package var lines: [ReportLine] {
        guard let swapSeconds, swapSeconds > 0 else { return [] }
        let text = "last took \(Int((swapSeconds * 1000).rounded())) ms, \(earlySwaps) early"
        guard let all = saturation, let port = saturationPerPort else { return [ReportLine("swaps", text)] }
        let rates = "keeps up with \(Int(all)) new flows a second, \(Int(port)) of them of one port"
        return [ReportLine("swaps", "\(text); \(rates)")]
    }

    /// Takes what the meter has measured.
    package mutating func take(_ timing: MeterTiming) {
        earlySwaps = timing.earlySwaps
        swaps = timing.swaps
        guard timing.swaps > 0 else { return }
        swapSeconds = timing.swap / .seconds(1)
        swapSecondsTotal = timing.swapTotal / .seconds(1)
        drainSeconds = timing.drain / .seconds(1)
        drainSecondsTotal = timing.drainTotal / .seconds(1)
    }
}
