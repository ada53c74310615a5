// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowExport
import FlowModel
import Host
import Synchronization

/// A sink on a thread of its own, so that it delays no other.
final class SinkThread: Sendable {
    private struct State {
        var report: SinkReport
        var hasChanged = false
        var isFinishing = false
    }

    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    /// A window of a million records takes some seconds, too.
    private let stall = Stall(patience: .seconds(10))
    private let thread: Mutex<HostThread<Bool>?> = Mutex(nil)

    /// How often a sink is looked after though no window comes: files may be due.
    private static let longestRest = Duration.seconds(1)

    init(_ runner: sending SinkRunner) {
        let report = runner.currentReport()
        state = Mutex(State(report: report))
        let box = Mutex<SinkRunner?>(runner)
        // 15 bytes at most are kept.
        let started = HostThread(named: "sink-\(report.name)") { [self] in
            guard let runner = box.withLock({ $0.take() }) else { return true }
            return follow(runner)
        }
        thread.withLock { $0 = started }
    }

    var report: SinkReport {
        var report = state.withLock(\.report)
        report.stalledSeconds = stall.seconds
        return report
    }

    func storeHasChanged() {
        state.withLock { $0.hasChanged = true }
        wake.signal()
    }

    /// Has the sink deliver all that the store has, and then end.
    func finish() {
        state.withLock { $0.isFinishing = true }
        wake.signal()
    }

    /// Blocks until the sink has ended, but not longer than that. Whether it has.
    func hasEnded(within duration: Duration) -> Bool {
        thread.withLock(\.self)?.hasEnded(within: duration) ?? true
    }

    /// Whether all was delivered.
    private func follow(_ runner: SinkRunner) -> Bool {
        while true {
            let (hasChanged, isFinishing) = state.withLock { state in
                defer { state.hasChanged = false }
                return (state.hasChanged, state.isFinishing)
            }
            if hasChanged { runner.storeHasChanged() }
            if isFinishing {
                let isDelivered = runner.finish()
                state.withLock { $0.report = runner.currentReport() }
                return isDelivered
            }
            let step = stall.during { runner.step() }
            state.withLock { $0.report = runner.currentReport() }
            rest(step)
        }
    }

    private func rest(_ step: SinkRunner.Step) {
        guard case .wait(let until) = step else { return }
        let now = ClockAnchor.now.monotonic
        let rest = until.map { min(max(.zero, now.duration(to: $0)), Self.longestRest) } ?? Self.longestRest
        _ = wake.wait(timeout: .now() + rest / .seconds(1))
    }
}
