// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import FlowStore
package import Reporting

/// The store and what went to it. Counts are since the daemon started.
package struct StoreReport: ReportSection {
    package var windowsStored: UInt64 = 0
    package var records: UInt64 = 0
    package var failure: String?
    package var failures: UInt64 = 0
    package var stalledSeconds: Double?
    package var contents: StoreContents?

    package init() {}

    package static let facts = [
        Fact<Self>(
            "windows_stored", \.windowsStored,
            "Windows whose records went to the store, those of earlier daemons among them.", .counter,
            "weir_windows_stored_total"),
        Fact(
            "records", \.records, "Records of all kinds that went to the store.", .counter,
            "weir_records_stored_total"),
        Fact(
            "store_failure", \.failure, "What the store failed with last; left out while all is well.",
            Metric(
                .gauge, "weir_store_failing", "1 while the store cannot be written.",
                note: "Windows wait in the journal."
            ) { $0.failure != nil }),
        Fact(
            "store_failures", \.failures, "How often the store began to fail.", .counter, "weir_store_failures_total"),
        Fact(
            "store_stalled_seconds", \.stalledSeconds,
            "For how long the disk of the store has not answered; left out while it does.",
            Metric(
                .gauge, "weir_store_stalled_seconds", "For how long the disk of the store has not answered.",
                note: "0 while it does."
            ) { $0.stalledSeconds ?? 0 }),
        Fact(
            "store", \.contents, "What is in the store: its size, its windows, and their first and last second.",
            Metric(.gauge, "weir_store_bytes", "Size of the store.") {
                UInt64(clamping: $0.contents?.bytes ?? 0)
            },
            Metric(
                .gauge, "weir_store_oldest_seconds", "When the oldest window in the store began, in Unix seconds.",
                note: "0 while there is none."
            ) { UInt64(clamping: $0.contents?.oldestSeconds ?? 0) }),
    ]

    package var lines: [ReportLine] {
        guard let contents else { return [] }
        guard let oldest = contents.oldestSeconds, let newest = contents.newestSeconds else {
            return [ReportLine("store", "nothing yet")]
        }
        let span = "\(ReportLine.time(oldest)) to \(ReportLine.time(newest))"
        let size = HumanUnits.octets(UInt64(clamping: contents.bytes))
        return [ReportLine("store", "\(counted(contents.segments, "window")), \(span), \(size)")]
    }

    /// The disk, where it does not answer.
    package static let disk = "the disk of the store"

    /// What keeps windows from the store now, a sentence each.
    package var troubles: [String] {
        [stalledSeconds.map { ReportLine.stalled(Self.disk, $0) }, failure].compactMap(\.self)
    }

    package var concerns: [Concern] { troubles.map(Concern.critical) }
}
