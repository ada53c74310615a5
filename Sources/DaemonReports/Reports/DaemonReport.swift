// SPDX-License-Identifier: Apache-2.0

package import DirectoryProviders
package import FlowRecorder
package import FlowVerdict
package import OpenVSwitch
package import Reporting
package import TapService

/// What the daemon says of itself, as `weir status` shows it and Prometheus reads it: the sections of its components.
///
/// Each component writes its own by `DaemonBoard.update`, and declares its facts where it is.
package struct DaemonReport: ReportSection {
    package var life: LifeReport
    package var reload: ReloadReport?
    package var ports = PortsReport()
    package var windows = WindowsReport()
    package var swaps = SwapReport()
    package var journal = JournalReport()
    package var store = StoreReport()
    package var delivery = DeliveryReport()
    package var providers: [ProviderReport] = []
    package var ovs: SwitchReport?
    package var verdicts: VerdictReport?
    package var kernelDrops: DropReport?
    package var taps: TapReport?

    package init() { self.init(LifeReport()) }

    package init(_ life: LifeReport) { self.life = life }

    package static let facts: [Fact<Self>] = [
        Fact.all(of: \.life),
        [Fact(section: "reload", \.reload, "When the configuration was read again last, and what came of it.")],
        Fact.all(of: \.ports), Fact.all(of: \.windows), Fact.all(of: \.swaps), Fact.all(of: \.journal),
        Fact.all(of: \.store), Fact.all(of: \.delivery),
        [
            Fact(
                sections: "providers", \.providers, "How each directory provider stands.", label: "provider", \.name),
            Fact(section: "ovs", \.ovs, "Open vSwitch; left out where it is not followed."),
            Fact(section: "verdicts", \.verdicts, "What became of the packets of stored records."),
            Fact(
                section: "kernel_drops", \.kernelDrops,
                "How packets that the kernel drops are followed; left out where they are not."),
            Fact(section: "taps", \.taps, "Tap services and their sessions; left out where there are none."),
        ],
    ].flatMap(\.self)

    package var lines: [ReportLine] {
        let failing = troubles.journal + troubles.store + troubles.sinks
        let closed = ReportLine("closed", "windows \(windows.closed), records \(store.records)")
        let sections = [
            life.lines, [closed], windows.lines, reload.lines, swaps.lines, journal.lines, store.lines, delivery.lines,
            ports.lines, providers.flatMap(\.lines), ovs.lines, verdicts.lines, kernelDrops.lines, taps.lines,
            failing.map { ReportLine("failing", $0) },
        ]
        return sections.flatMap(\.self)
    }

    /// Without ports that are impaired, of which the kernel's state says more.
    package var concerns: [Concern] {
        let sections = [
            life.concerns, windows.concerns, journal.concerns, store.concerns, delivery.concerns, reload.concerns,
            kernelDrops.concerns, providers.flatMap(\.concerns), ovs.concerns, taps.concerns,
        ]
        return sections.flatMap(\.self)
    }

    /// Disks that do not answer.
    package var stalls: [String] {
        [
            journal.stalledSeconds.map { _ in JournalReport.disk },
            store.stalledSeconds.map { _ in StoreReport.disk },
        ].compactMap(\.self)
    }

    /// What keeps windows from the journal, the store or a sink now, a sentence each.
    package var troubles: (journal: [String], store: [String], sinks: [String]) {
        (journal.troubles, store.troubles, delivery.troubles)
    }
}
