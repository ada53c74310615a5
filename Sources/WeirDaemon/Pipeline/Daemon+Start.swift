// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import FlowStore
import Host
import Logging
import SystemPackage
import WeirConfiguration

/// Steps of the start. A start that fails leaves nothing behind that was not there.
extension Daemon {
    static func board(_ configuration: Configuration, pid: Int32) -> DaemonBoard {
        DaemonBoard(
            DaemonReport(
                pid: pid, bpffs: configuration.bpffs,
                startedSeconds: Double(ClockAnchor.now.realtime.nanoseconds) / 1e9,
                intervalSeconds: configuration.interval / .seconds(1)))
    }

    static func state(_ configuration: Configuration, _ directory: PinDirectory) throws -> StateDirectory {
        do {
            return try StateDirectory(configuration.stateDirectory)
        } catch {
            directory.removeBaseIfEmpty()
            throw error
        }
    }

    /// - Parameter newest: the highest number in the store. Numbers of new windows are above it, and, since the store and the journal may have been
    ///   emptied, above the time in milliseconds.
    static func journal(
        _ state: StateDirectory, _ directory: PinDirectory, above newest: UInt64?
    ) throws -> (journal: Journal, segments: [Segment]) {
        do {
            let time = UInt64(clamping: ClockAnchor.now.realtime.milliseconds)
            return try Journal.open(state.journal, above: max(newest ?? 0, time))
        } catch {
            directory.removeBaseIfEmpty()
            state.removeIfNew()
            throw error
        }
    }

    static func store(
        _ configuration: Configuration, _ directory: PinDirectory, _ state: StateDirectory
    ) throws -> sending StoreWriter {
        do {
            return try StoreWriter(FilePath(configuration.store), configuration.storeRetention)
        } catch {
            directory.removeBaseIfEmpty()
            state.removeIfNew()
            throw error
        }
    }

    /// Where a sink begins that has no cursor yet: with the first window that this daemon stores, or takes up from the journal.
    ///
    /// - Parameters:
    ///   - newest: the highest number in the store; nil where it is empty.
    ///   - waiting: what earlier daemons left in the journal.
    static func sinkStart(newest: UInt64?, waiting: [Segment]) -> UInt64 {
        let newest = newest ?? 0
        return waiting.first.map { min(newest, $0.sequence - 1) } ?? newest
    }

    /// Starts `weir-export`.
    static func exports(
        _ plan: ExportPlan, _ logger: Logger, _ directory: PinDirectory, _ state: StateDirectory
    ) throws -> ExportSupervisor {
        let exports = ExportSupervisor(plan, logger: logger)
        do {
            try exports.start()
            return exports
        } catch {
            directory.removeBaseIfEmpty()
            state.removeIfNew()
            throw error
        }
    }

    static func installation(
        _ configuration: Configuration, _ directory: PinDirectory, _ state: StateDirectory
    ) throws -> Installation {
        do {
            return try Installation.openOrCreate(directory, configuration.tables)
        } catch {
            directory.removeBaseIfEmpty()
            state.removeIfNew()
            throw error
        }
    }

    /// Brings over what a version with another layout left, ports and counts, and removes its pins.
    ///
    /// Where it throws, both count on, and the next start goes on with it.
    ///
    /// - Parameter segments: that are to be published; those of the earlier version's windows are added.
    static func takeOver(
        _ directory: PinDirectory, _ journal: Journal, _ segments: inout [Segment], _ configuration: Configuration,
        _ names: PortNames, _ board: DaemonBoard, _ logger: Logger
    ) throws {
        while let earlier = try EarlierInstallation.open(below: directory) {
            let installation = try Installation.openOrCreate(directory, configuration.tables, takesOver: true)
            logger.notice("taking over from another version (\(earlier.name))")
            do {
                // Before its ports come, so that none of their frames goes unjudged.
                try reloadPolicy(configuration, installation, coming: try earlier.ports(), logger)
                try earlier.move(to: installation) { done, total in
                    board.update { $0.progress = StartProgress(done: done, total: total, isTakeover: true) }
                }
            } catch {
                // Where no port was moved, the earlier version can go on as before.
                try? installation.removeIfUnused()
                throw error
            }
            let source = try earlier.source()
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
    }

    /// Puts in force what the configuration names, else what was loaded last. What is wrong with it leaves in force what was.
    ///
    /// Throws where nothing was: the ports that it is to be enforced on would be open.
    static func loadPolicy(
        _ configuration: Configuration, _ installation: borrowing Installation, _ state: StateDirectory,
        _ logger: Logger
    ) throws {
        let keeper = PolicyKeeper(configuration)
        do {
            if let file = configuration.policy {
                try keeper.load(file, into: installation)
            } else {
                try keeper.reload(into: installation)
            }
        } catch {
            guard configuration.policy == nil || keeper.hasPolicy(installation) else {
                try? installation.removeIfUnused()
                state.removeIfNew()
                throw error
            }
            logger.error("the policy is not loaded, and what was in force stays: \(error)")
        }
    }

    private static func reloadPolicy(
        _ configuration: Configuration, _ installation: borrowing Installation, coming: [RegisteredPort],
        _ logger: Logger
    ) throws {
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

extension Configuration {
    var storeRetention: StoreRetention { StoreRetention(age: storeAge, bytes: Int64(storeSize)) }
}
