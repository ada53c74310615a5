// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowKernel
import FlowModel
import FlowRecorder
import FlowStore
import HelperSupervision
import Host
import HostMonitor
package import Logging
import PortAttachment
import SystemPackage
import WeirConfiguration

extension Daemon {
    /// Goes on with a configuration that was read again, where there is one; and says so when the ports are as it has them.
    ///
    /// Records that are not delivered yet are delivered as it says.
    mutating func reload(_ new: Configuration?) throws {
        if let new { take(new) }
        guard let problems = watch.takeProblems() else { return }
        for problem in problems { logger.error("\(problem)") }
        board.update { $0.reload?.problems += problems }
        onReload()
    }

    private mutating func take(_ new: Configuration) {
        do throws(ConfigurationError) {
            let change = try ConfigurationChange(from: configuration, to: new)
            configuration = change.configuration
            names = names.following(configuration)
            storing.reconfigure(
                FilePath(configuration.store), configuration.storeRetention, bound: Int64(configuration.queueSize),
                networks: configuration.networks)
            exports.reconfigure(configuration.exportPlan(stateID: state.id, start: storing.status.newestSequence ?? 0))
            board.monitor.interval = configuration.monitorInterval
            hostWatch.hurry()
            providers.configure(configuration.monitoredProviders)
            watch.reconfigure(configuration)
            note(change)
        } catch {
            fail(error)
        }
    }

    private func note(_ change: ConfigurationChange<Configuration>) {
        let taken = change.taken.joined(separator: ", ")
        logger.notice("the configuration was read again; \(taken.isEmpty ? "nothing changes" : "changed: \(taken)")")
        let refusals = change.refusals
        for refusal in refusals { logger.warning("\(refusal)") }
        board.update { report in
            report.reload = ReloadReport(seconds: ClockAnchor.now.realtime.seconds, problems: refusals)
        }
    }

    private func fail(_ error: ConfigurationError) {
        board.failReload(error, logger)
        onReload()
    }
}

extension DaemonBoard {
    /// Says that a configuration cannot be read again: all stays as it was.
    package func failReload(_ error: any Error, _ logger: Logger) {
        logger.error("the configuration is not taken, and all stays as it was: \(error)")
        let report = ReloadReport(
            seconds: ClockAnchor.now.realtime.seconds, isFailed: true, problems: ["\(error)"])
        update { $0.reload = report }
    }
}
