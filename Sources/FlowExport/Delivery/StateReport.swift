// SPDX-License-Identifier: Apache-2.0

import FlowModel
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
    /// nil where nothing is sampled.
    package var sampling: SampleCounts?
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
        Fact(section: "sampling", \.sampling, "Samples of packets; left out where none are sent."),
        Fact("failure", \.failure, "What failed last; left out while all is well."),
    ]
}

/// Samples of packets that a sink has made.
package struct SampleCounts: ReportSection {
    package var samples: UInt64 = 0
    package var samplesDropped: UInt64 = 0
    package var discards: UInt64 = 0
    package var discardsWithheld: UInt64 = 0

    package init() {}

    package static let facts = [
        Fact<Self>("samples", \.samples, "Flow samples.", .counter, "weir_sink_samples_total"),
        Fact(
            "samples_dropped", \.samplesDropped, "Packets that were sampled, and that came faster than they are sent.",
            .counter, "weir_sink_dropped_samples_total"),
        Fact(
            "discards", \.discards, "Samples of packets that the policy has dropped.", .counter,
            "weir_sink_discards_total"),
        Fact(
            "discards_withheld", \.discardsWithheld,
            "Packets that the policy has dropped, beyond those that may be sent in a second.", .counter,
            "weir_sink_withheld_discards_total"),
    ]

    package var text: String {
        var parts = [counted(samples, "flow sample")]
        if samplesDropped > 0 { parts.append("\(samplesDropped) dropped") }
        if discards > 0 || discardsWithheld > 0 { parts.append(counted(discards, "discarded packet")) }
        if discardsWithheld > 0 { parts.append("\(discardsWithheld) withheld") }
        return parts.joined(separator: ", ")
    }
}
