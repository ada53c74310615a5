// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import FlowModel
package import FlowVerdict
import Synchronization

/// What the thread that polls megaflows writes, and the judges read and wait for.
package final class MegaflowBoard: Sendable {
    private struct State {
        var history: MegaflowHistory
        var report: MegaflowReport
        var waiting: [DispatchSemaphore] = []
        /// How often the switch was tried in vain, since it answered last.
        var failuresInARow = 0
        var datapaths: [String] = []
        var server: SwitchSocket?
        var tokens: SharedTokens
    }

    private let state: Mutex<State>

    package init(interval: Duration, traceRate: Int, capacity: Int) {
        state = Mutex(
            State(
                history: MegaflowHistory(capacity: capacity), report: MegaflowReport(interval: interval),
                tokens: SharedTokens(rate: traceRate, now: .now)))
    }

    package var report: MegaflowReport {
        state.withLock { state in
            var report = state.report
            guard let calmSince = state.history.changes.calmSince else { return report }
            report.calmSince = Double(calmSince.nanoseconds) / 1e9
            report.knownUntil = Double(state.history.knownUntil.nanoseconds) / 1e9
            return report
        }
    }

    /// Where the switch can be asked for more; no process while it does not answer.
    var place: (datapaths: [String], server: SwitchSocket?) { state.withLock { ($0.datapaths, $0.server) } }

    package func update<Result>(_ body: (inout MegaflowHistory) -> Result) -> Result {
        state.withLock { body(&$0.history) }
    }

    func note(_ body: (inout MegaflowReport) -> Void) { state.withLock { body(&$0.report) } }

    /// The switch can be asked, on that socket.
    func note(server: SwitchSocket, datapaths: [String]) {
        state.withLock { state in
            state.server = server
            state.datapaths = datapaths
        }
    }

    /// It has answered.
    func succeed() {
        state.withLock { state in
            state.failuresInARow = 0
            state.report.failure = nil
        }
        wake()
    }

    /// It has not. Returns whether that is to be said.
    func fail(_ failure: UnixctlFailure) -> Bool {
        let isNew = state.withLock { state in
            state.failuresInARow += 1
            state.report.pollsFailed += 1
            state.server = nil
            defer { state.report.failure = failure.description }
            return state.report.failure != failure.description
        }
        wake()
        return isNew
    }

    /// Whether the switch may be asked one more question about packets of the port now; if so that counts.
    package func mayTrace(for port: String) -> Bool {
        state.withLock { state in
            guard state.tokens.take(for: port, now: .now) else { return false }
            state.report.tracesAsked += 1
            return true
        }
    }

    func noteTrace(isAnswered: Bool) {
        note { report in
            if isAnswered { report.tracesAnswered += 1 } else { report.tracesFailed += 1 }
        }
    }
}

extension MegaflowBoard {
    private func wake() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for semaphore in waiting { semaphore.signal() }
    }

    /// Blocks until all is known that can be of the time up to that moment, or the switch does not answer, but not for longer
    /// than that.
    package func wait(for moment: UnixTime, atMost limit: Duration) {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let semaphore = DispatchSemaphore(value: 0)
            let isKnown = state.withLock { state in
                if state.history.isKnown(until: moment) { return true }
                // Nobody knows when it will.
                if state.failuresInARow > 1 { return true }
                state.waiting.append(semaphore)
                return false
            }
            if isKnown { return }
            let left = ContinuousClock.now.duration(to: end)
            _ = semaphore.wait(timeout: .now() + .milliseconds(max(1, Int(left / .milliseconds(1)))))
        }
    }
}
