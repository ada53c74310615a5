// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Host
package import HostMonitor

/// Hands reports to one sink of state, and counts those that it does not get.
///
/// A sink that fails is left alone for a while; reports of that time are dropped. Used from one thread.
package final class StateRunner {
    /// The sink's name.
    package let name: String
    package private(set) var report = StateReport()
    private let sink: any StateSink
    private let clock: any HostClock
    private let say: (SinkRunner.Severity, String) -> Void
    private var random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    private var backOff: BackOff
    /// What failed was said, since all was well last.
    private var said: Set<String> = []

    /// - Parameters:
    ///   - isAlone: whether the sink takes no records.
    ///   - say: told what an operator should know.
    package init(
        _ name: String, _ sink: any StateSink, isAlone: Bool, backOff: BackOff = BackOff(atMost: .seconds(15)),
        clock: any HostClock = SystemClock(), say: @escaping (SinkRunner.Severity, String) -> Void
    ) {
        self.name = name
        self.sink = sink
        self.backOff = backOff
        self.clock = clock
        self.say = say
        report.isAlone = isAlone
    }

    /// Delivers a report, or drops it.
    ///
    /// - Parameter replaced: reports before it that the sink was too slow for.
    package func deliver(_ monitor: MonitorReport, replaced: UInt64 = 0) {
        guard sink.isDue else { return }
        report.dropped += replaced
        guard backOff.wait(at: clock.now.monotonic) == nil else {
            report.dropped += 1
            return
        }
        do {
            try sink.update(monitor)
            report.updates += 1
            succeed()
        } catch {
            report.dropped += 1
            backOff.fail(at: clock.now.monotonic, using: &random)
            fail("\(error)")
        }
        sink.count(into: &report)
        for notice in sink.takeNotices() { say(.warning, "\(name): \(notice)") }
    }

    /// Takes note that there is nothing to deliver, since the daemon does not answer; the process says that once for all sinks.
    package func miss(_ reason: String) {
        if report.failure == nil { report.failures += 1 }
        report.failure = reason
    }

    private func succeed() {
        backOff.succeed()
        if !said.isEmpty { say(.notice, "\(name): the state of the host is delivered again") }
        said = []
        report.failure = nil
    }

    private func fail(_ failure: String) {
        if said.insert(failure).inserted { say(.error, "\(name): \(failure); its state is dropped until that works") }
        miss(failure)
    }
}
