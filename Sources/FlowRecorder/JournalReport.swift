// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// The journal, which is the queue of the store. Counts are since the daemon started.
package struct JournalReport: ReportSection {
    package var failure: String?
    package var failures: UInt64? = 0
    package var stalledSeconds: Double?
    package var bytes: UInt64 = 0
    package var windowsWaiting = 0
    package var windowsReplayed: UInt64 = 0
    package var damagedSegments: [String] = []
    package var windowsGivenUp: UInt64 = 0
    package var recordsGivenUp: UInt64 = 0
    package var packetsGivenUp: UInt64 = 0

    package init() {}

    package static let facts = [
        Fact<Self>(
            "journal_failure", \.failure, "What the journal failed with last; left out while all is well.",
            Metric(
                .gauge, "weir_journal_failing",
                "1 while the state directory, where the journal is, cannot be written or read.",
                note: "Windows stay open, or wait in the journal, until it can."
            ) { $0.failure != nil }),
        Fact(
            "journal_failures", \.failures, "How often the journal began to fail.", .counter,
            "weir_journal_failures_total"),
        Fact(
            "journal_stalled_seconds", \.stalledSeconds,
            "For how long the disk of the state directory has not answered; left out while it does.",
            Metric(
                .gauge, "weir_journal_stalled_seconds",
                "For how long the disk of the state directory has not answered.", note: "0 while it does."
            ) { $0.stalledSeconds ?? 0 }),
        Fact(
            "journal_bytes", \.bytes, "Size of the journal, which is the queue of the store.", .gauge,
            "weir_journal_bytes"),
        Fact(
            "segments_waiting", \.windowsWaiting, "Windows that wait for the store.", .gauge,
            "weir_store_queue_windows"),
        Fact(
            "windows_replayed", \.windowsReplayed,
            "Windows that an earlier daemon left in the journal and this one stored.", .counter,
            "weir_windows_replayed_total"),
        Fact(
            "damaged_segments", \.damagedSegments, "Names of its segments of which something could not be read.",
            Metric(
                .counter, "weir_journal_damaged_segments_total",
                "Segments of the journal of which something could not be read."
            ) { $0.damagedSegments.count }),
        Fact(
            "windows_given_up", \.windowsGivenUp,
            "Windows of whose flows nothing but totals is left, since the store did not keep up.", .counter,
            "weir_windows_given_up_total"),
        Fact(
            "records_given_up", \.recordsGivenUp, "Records of these windows.", .counter,
            "weir_records_given_up_total"),
        Fact(
            "packets_given_up", \.packetsGivenUp, "Packets that those records stood for.", .counter,
            "weir_packets_given_up_total"),
    ]

    package var lines: [ReportLine] {
        let waiting = counted(windowsWaiting, "window waits", "windows wait")
        var text = "\(waiting), \(HumanUnits.octets(bytes))"
        if windowsReplayed > 0 { text += "; \(windowsReplayed) of an earlier daemon" }
        if windowsGivenUp > 0 { text += "; \(windowsGivenUp) given up but for their totals" }
        if !damagedSegments.isEmpty { text += "; damaged: \(damagedSegments.joined(separator: ", "))" }
        guard recordsGivenUp > 0 else { return [ReportLine("journal", text)] }
        let lost = "\(counted(recordsGivenUp, "record")) of \(counted(packetsGivenUp, "packet")), given up"
        return [ReportLine("lost", lost), ReportLine("journal", text)]
    }

    /// The disk, where it does not answer.
    package static let disk = "the disk of the journal"

    /// What keeps windows from the journal now, a sentence each.
    package var troubles: [String] {
        [stalledSeconds.map { ReportLine.stalled(Self.disk, $0) }, failure].compactMap(\.self)
    }

    package var concerns: [Concern] {
        let givenUp = "the flows of \(counted(windowsGivenUp, "window")) were given up"
        let damaged = "\(counted(damagedSegments.count, "segment")) of the journal damaged"
        return troubles.map(Concern.critical) + (windowsGivenUp > 0 ? [.warning(givenUp)] : [])
            + (damagedSegments.isEmpty ? [] : [.warning(damaged)])
    }
}

extension JournalReport {
    /// Adds what the keeper knows of the window that is open.
    package mutating func add<Store>(_ keeper: borrowing JournalKeeper<Store>) {
        bytes += UInt64(keeper.openBytes)
        failure = keeper.failure ?? failure
        failures = (failures ?? 0) + keeper.failures
    }
}
