// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// How the state of the host and its machines gets to a sink that takes it. Counts are since the process started.
package struct StateReport: ReportSection {
    /// Whether the sink takes no records.
    package var isAlone = false
    package var updates: UInt64 = 0
    package var dropped: UInt64 = 0
    /// nil where the sink sends none.
    package var datagrams: UInt64?
    package var datagramsDropped: UInt64?
    package var failure: String?
    /// How often it began to fail.
    package var failures: UInt64 = 0
    /// For how long the other end has not answered; nil while it does.
    package var stalledSeconds: Double?

    package init() {}

    package static let facts = [
        Fact<Self>("alone", \.isAlone, "Whether the sink takes nothing else: no records."),
        Fact(
            "updates", \.updates, "Reports of the host and its machines that were delivered.", .counter,
            "weir_sink_updates_total"),
        Fact(
            "dropped", \.dropped, "Such reports that the other end did not get: they are not kept.", .counter,
            "weir_sink_dropped_updates_total"),
        Fact(
            "datagrams", \.datagrams,
            "Datagrams that the kernel has taken, of all collectors; left out where none are sent.", .counter,
            "weir_sink_datagrams_total"),
        Fact(
            "datagrams_dropped", \.datagramsDropped, "Datagrams that the kernel did not take: they are not kept.",
            .counter, "weir_sink_dropped_datagrams_total"),
        Fact("failure", \.failure, "What failed last; left out while all is well."),
    ]
}
