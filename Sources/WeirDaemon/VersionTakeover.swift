// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import Host
import HostVerdicts
import Logging
import PortAttachment
import WeirConfiguration

/// Brings over what a version with another layout left, ports and counts, and removes its pins.
///
/// Where it throws, both count on, and the next start goes on with it.
struct VersionTakeover {
    let directory: PinDirectory
    let configuration: Configuration
    let names: PortNames
    /// Made where there is another version.
    let taps: () -> TapTakeover
    let board: DaemonBoard
    let logger: Logger

    /// - Parameter segments: that are to be stored; those of the earlier version's windows are added.
    func run(_ journal: Journal, _ segments: [Segment]) throws -> [Segment] {
        var segments = segments
        while let earlier = try EarlierInstallation.open(below: directory) {
            let installation = try Installation.openOrCreate(directory, configuration.tables, takesOver: true)
            logger.notice("taking over from another version (\(earlier.name))")
            var taps = self.taps()
            do {
                // Before its ports come, so that none of their frames goes unjudged.
                try reloadPolicy(installation, coming: try earlier.ports())
                try earlier.move(to: installation) { ports in
                    taps.prepare(ports, in: installation)
                } onPort: { done, total in
                    board.update { $0.life.progress = StartProgress(done: done, total: total, isTakeover: true) }
                }
            } catch {
                // Where no port was moved, the earlier version can go on as before.
                try? installation.removeIfUnused()
                throw error
            }
            let source = try earlier.source()
            try taps.countOn(from: source)
            let ports = try source.ports().map { ($0.number, names.port($0)) }
            var open = source.openWindow
            open.spansRestart = true
            var keeper = JournalKeeper(journal: journal, installation: source.installation, logger: logger)
            var meter = FlowMeter(
                source: source, interval: configuration.interval, takingOver: open, now: .now,
                mostFlows: MemoryPlan(.read()).mostFlows)
            segments = try keeper.takeUp(
                segments, ports: Dictionary(uniqueKeysWithValues: ports), windows: meter.source.unreleased,
                open: meter.source.openWindow.number, fromEarlier: &meter)
            try earlier.remove()
        }
        return segments
    }

    private func reloadPolicy(_ installation: borrowing Installation, coming: [RegisteredPort]) throws {
        let keeper = PolicyKeeper(configuration)
        do {
            try keeper.reload(into: installation, coming: coming)
        } catch {
            // A file that the configuration names takes the place of what is damaged.
            if let file = configuration.policy,
                (try? keeper.load(file, into: installation, coming: coming)) != nil
            {
                return
            }
            let enforced = coming.map(\.name).filter { keeper.mayBeEnforced(on: $0) }
            guard enforced.isEmpty else {
                throw KernelError(
                    .invalid, "cannot take over from another version",
                    cause: "the policy of \(enforced.joined(separator: ", ")) cannot be put in force: \(error)",
                    remedy: "load the policy again with that version, which goes on meanwhile (weir policy load FILE)")
            }
            logger.error("the ports of the other version are taken over without their policy: \(error)")
        }
    }
}
