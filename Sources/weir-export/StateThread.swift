// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowExport
import Host
import HostMonitor
import Synchronization

/// A sink of state on a thread of its own, so that it delays no other. Only the newest report waits for it.
final class StateThread: Sendable {
    private enum News {
        case report(MonitorReport)
        case missing(String)
    }

    private struct State {
        var report: StateReport
        var news: News?
        /// Reports that a newer one took the place of.
        var replaced: UInt64 = 0
        var isFinishing = false
    }

    let name: String
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    private let stall = Stall(patience: .seconds(10))
    private let thread: Mutex<HostThread<Void>?> = Mutex(nil)

    init(_ runner: sending StateRunner) {
        name = runner.name
        state = Mutex(State(report: runner.report))
        let box = Mutex<StateRunner?>(runner)
        // 15 bytes at most are kept.
        let started = HostThread(named: "state-\(name)") { [self] in
            if let runner = box.withLock({ $0.take() }) { follow(runner) }
        }
        thread.withLock { $0 = started }
    }

    var report: StateReport {
        var report = state.withLock(\.report)
        report.stalledSeconds = stall.seconds
        return report
    }

    /// Hands over a report. Never blocks.
    func take(_ report: MonitorReport) {
        state.withLock { state in
            if case .report = state.news { state.replaced += 1 }
            state.news = .report(report)
        }
        wake.signal()
    }

    /// Says why there is no report. A report that waits still goes first.
    func miss(_ reason: String) {
        state.withLock { state in
            if state.news == nil { state.news = .missing(reason) }
        }
        wake.signal()
    }

    /// Has the thread deliver what waits, and end.
    func finish() {
        state.withLock { $0.isFinishing = true }
        wake.signal()
    }

    /// Blocks until the thread has ended, but not longer than that. Whether it has.
    func hasEnded(within duration: Duration) -> Bool {
        thread.withLock(\.self)?.hasEnded(within: duration) ?? true
    }

    private func follow(_ runner: StateRunner) {
        while true {
            let (news, replaced, isFinishing) = state.withLock { state in
                defer { (state.news, state.replaced) = (nil, 0) }
                return (state.news, state.replaced, state.isFinishing)
            }
            switch news {
            case .report(let report): stall.during { runner.deliver(report, replaced: replaced) }
            case .missing(let reason): runner.miss(reason)
            case nil: if isFinishing { return }
            }
            state.withLock { $0.report = runner.report }
            if news == nil { wake.wait() }
        }
    }
}
