// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Glibc
import Host
import Logging
import WeirConfiguration
import WeirDaemon

/// What the daemon does at each signal. Every one that comes is named in the log, with its sender.
struct SignalAnswers: Sendable {
    let stop: StopSignal
    let start: Beginning
    let manager: ServiceManager?
    let logger: Logger
    /// Reads the configuration again.
    let load: @Sendable () throws -> Configuration

    /// Answers signals until the process ends; blocks its thread.
    func follow(_ signals: AwaitedSignals) -> Never {
        while true { answer(signals.next()) }
    }

    private func answer(_ signal: AwaitedSignals.Delivery) {
        switch signal.number {
        case SIGINT, SIGTERM, SIGQUIT: stop.request(because: signal.text)
        case SIGHUP: reload(signal)
        default: logger.warning("\(signal.text) has no meaning here; measuring goes on")
        }
    }

    private func reload(_ signal: AwaitedSignals.Delivery) {
        logger.notice("\(signal.text): reading the configuration again")
        manager?.tell(.reloading(ClockAnchor.now.monotonic))
        do {
            stop.request(try load())
        } catch {
            start.current?.failReload(error, logger)
            manager?.tell(.ready)
        }
    }
}
