// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowExport
import Host
import Synchronization

/// Asks the daemon for the state of the host and its machines once an interval, and hands it to each sink of state.
final class MonitorThread: Sendable {
    private let feed: MonitorFeed
    private let sinks: [StateThread]
    private let say: @Sendable (SinkRunner.Severity, String) -> Void
    private let isFinishing = Mutex(false)
    private let wake = DispatchSemaphore(value: 0)
    private let thread: Mutex<HostThread<Void>?> = Mutex(nil)

    /// Begins to ask.
    ///
    /// - Parameter say: told what an operator should know.
    init(
        _ feed: MonitorFeed, _ sinks: [StateThread], say: @escaping @Sendable (SinkRunner.Severity, String) -> Void
    ) {
        self.feed = feed
        self.sinks = sinks
        self.say = say
        let started = HostThread(named: "monitor-feed") { [self] in follow() }
        thread.withLock { $0 = started }
    }

    /// Ends the thread, which has asked once at least; blocks a few seconds at most.
    func finish() {
        isFinishing.withLock { $0 = true }
        wake.signal()
        _ = try? thread.withLock(\.self)?.wait()
    }

    private func follow() {
        var failure: String?
        var due = ContinuousClock.now
        while true {
            do {
                let report = try feed.ask()
                if failure != nil { say(.notice, "the daemon gives figures of the host and its machines again") }
                failure = nil
                for sink in sinks { sink.take(report) }
            } catch {
                if failure != error.description {
                    say(.warning, "no state is delivered: \(error.description); records are")
                }
                failure = error.description
                for sink in sinks { sink.miss(error.description) }
            }
            // What was missed is not made up for.
            due = max(due.advanced(by: .seconds(feed.intervalSeconds)), .now)
            if isFinishing.withLock(\.self) { return }
            _ = wake.wait(timeout: .now() + ContinuousClock.now.duration(to: due) / .seconds(1))
            if isFinishing.withLock(\.self) { return }
        }
    }
}
