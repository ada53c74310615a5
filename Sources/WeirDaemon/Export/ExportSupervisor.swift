// SPDX-License-Identifier: Apache-2.0

package import FlowExport
import FlowModel
import Foundation
import Host
package import Logging
import Synchronization

/// Starts `weir-export`, tells it of windows, hears how its sinks stand, and starts it again where it ends.
///
/// Nothing that the process does or leaves undone can delay the daemon: only `start` and `finish` wait for it, and each for a bounded time.
package final class ExportSupervisor: Sendable {
    private struct State {
        var plan: ExportPlan
        var process: HelperProcess?
        var status = Status()
        /// Whether the first process has said how it stands; and what it could not do.
        var hasBegun = false
        var failure: String?
        /// Grows with each plan: the process that runs may have an older one.
        var planNumber = 0
        var isFinishing = false

        /// Takes note of a process that ended.
        mutating func note(_ failure: String) {
            if !hasBegun { self.failure = self.failure ?? failure }
            status.pid = nil
            status.restarts += 1
            status.failure = failure
        }
    }

    /// How the process and its sinks stand.
    package struct Status: Sendable {
        package var sinks: [SinkReport] = []
        package var pid: Int32?
        package var restarts: UInt64 = 0
        /// Why it does not run; nil while it does.
        package var failure: String?
    }

    private let state: Mutex<State>
    private let logger: Logger
    private let thread: Mutex<HostThread<Void>?> = Mutex(nil)

    /// Beside the daemon's own program.
    private static let programName = "weir-export"
    private static let longestStart = Duration.seconds(30)
    /// A process that is asked for its end delivers what the store has; where that takes longer it is killed, and the next one goes on.
    private static let longestFinish = Duration.seconds(60)
    private static let pollPeriod = Duration.milliseconds(200)

    package init(_ plan: ExportPlan, logger: Logger) {
        state = Mutex(State(plan: plan))
        self.logger = logger
    }

    package var status: Status { state.withLock(\.status) }

    /// The number of the last window that every sink has delivered, as far as is known; nil where there is no sink.
    package var delivered: UInt64? {
        state.withLock { state in
            guard !state.plan.sinks.isEmpty else { return nil }
            return state.plan.sinks.map { sink in
                state.status.sinks.first { $0.name == sink.name }?.acknowledged ?? 0
            }.min()
        }
    }

    /// Starts the process, and waits until its sinks can be used.
    ///
    /// - Throws: what keeps a sink from being used. Then there is no process.
    package func start() throws {
        guard state.withLock({ !$0.plan.sinks.isEmpty }) else { return }
        try makeFolders()
        startThread()
        let deadline = ContinuousClock.now + Self.longestStart
        while ContinuousClock.now < deadline {
            let (hasBegun, failure) = state.withLock { ($0.hasBegun, $0.failure) }
            if let failure {
                finish()
                throw ExportFailure(description: failure)
            }
            if hasBegun { return }
            Thread.sleep(forTimeInterval: 0.01)
        }
        finish()
        throw ExportFailure(description: "\(Self.programName) does not answer")
    }

    private func startThread() {
        // The process must not get the daemon's capabilities.
        let started = HostThread(named: "weir-exports", privileges: .none) { [self] in follow() }
        thread.withLock { $0 = started }
    }

    /// To be called when the store has another window. Never blocks.
    package func storeHasChanged() {
        _ = state.withLock(\.process)?.channel.send(ExportMessage.stored, waits: false)
    }

    /// Goes on with another plan: the process ends, and another one begins.
    package func reconfigure(_ plan: ExportPlan) {
        let mustStart = state.withLock { state in
            guard state.plan != plan else { return false }
            defer { state.plan = plan }
            state.planNumber += 1
            return state.plan.sinks.isEmpty
        }
        if mustStart { startThread() }
    }

    /// Has all delivered that the store has, and ends the process; blocks.
    package func finish() {
        state.withLock { $0.isFinishing = true }
        _ = try? thread.withLock({ $0.take() })?.wait()
    }
}

extension ExportSupervisor {
    private func makeFolders() throws(ExportError) { try state.withLock(\.plan).makeFolders() }

    /// Runs one process after the other, until the end is asked for or no sink is left. At the end one more process delivers what is left where the
    /// last one ended too early.
    private func follow() {
        var backOff = BackOff(atMost: .seconds(30))
        var random = SystemRandomNumberGenerator()
        var isFirst = true
        while true {
            let (plan, number, isLast) = state.withLock { ($0.plan, $0.planNumber, $0.isFinishing) }
            if plan.sinks.isEmpty { return clear() }
            let end = run(plan, number, isFirst: isFirst)
            isFirst = false
            guard let failure = end else {
                if state.withLock({ $0.isFinishing }) { return clear() }
                backOff.succeed()
                continue
            }
            let (hasBegun, hasDelivered) = state.withLock { state in
                state.note(failure)
                return (state.hasBegun, state.status.sinks.contains { $0.counts.windows > 0 })
            }
            // A start that fails is the daemon's to tell of.
            guard hasBegun, !isLast else { return clear() }
            logger.error("\(Self.programName): \(failure); it is started again")
            if hasDelivered { backOff.succeed() }
            backOff.fail(at: ClockAnchor.now.monotonic, using: &random)
            while backOff.wait(at: ClockAnchor.now.monotonic) != nil, !state.withLock({ $0.isFinishing }) {
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    /// Runs one process to its end.
    ///
    /// - Returns: why it ended where nothing asked for that; nil where the next one can begin at once.
    private func run(_ plan: ExportPlan, _ number: Int, isFirst: Bool) -> String? {
        do {
            try makeFolders()
            let process = try spawn(isFirst: isFirst)
            process.channel.send(Self.json(plan))
            guard let end = talk(to: process, plan: number) else { return nil }
            return state.withLock(\.status.failure) ?? end
        } catch {
            return "\(error)"
        }
    }

    private func clear() {
        state.withLock { state in
            state.status.pid = nil
            state.process = nil
        }
    }

    /// - Parameter isFirst: a fault that is asked for (`WEIR_FAULT`) comes once.
    private func spawn(isFirst: Bool) throws -> HelperProcess {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: Self.programName).path
        let names = ["PATH", "LANG", "LC_ALL", "TZ"] + (isFirst ? ["WEIR_FAULT"] : [])
        let environment = ProcessInfo.processInfo.environment
        let process = try HelperProcess(
            program, ["--supervisor", "\(ProcessInfo.processInfo.processIdentifier)"],
            environment: names.compactMap { name in environment[name].map { "\(name)=\($0)" } },
            prints: state.withLock { $0.plan.sinks.contains { $0.kind == .stdout } })
        state.withLock { state in
            state.process = process
            state.status.pid = process.pid
        }
        return process
    }

    /// Hears what the process says until it ends.
    ///
    /// - Returns: why it ended where nothing asked for that; nil where the next one can begin at once.
    private func talk(to process: HelperProcess, plan: Int) -> String? {
        defer { state.withLock { $0.process = nil } }
        var deadline: ContinuousClock.Instant?
        while true {
            switch process.channel.receive(within: Self.pollPeriod) {
            case .lines(let lines): for line in lines { take(line) }
            case .nothing: break
            case .ended: return reap(process, wasAsked: deadline != nil)
            }
            let (isFinishing, number) = state.withLock { ($0.isFinishing, $0.planNumber) }
            if deadline == nil, isFinishing || number != plan {
                process.channel.send(ExportMessage.finish, waits: false)
                deadline = ContinuousClock.now + Self.longestFinish
            }
            if let time = deadline, ContinuousClock.now > time {
                logger.warning("\(Self.programName) does not end, and is killed; the next one goes on where it was")
                process.kill()
                deadline = time + Self.longestFinish
            }
        }
    }

    private func reap(_ process: HelperProcess, wasAsked: Bool) -> String? {
        for _ in 0..<1000 {
            guard let end = process.reap() else {
                Thread.sleep(forTimeInterval: 0.01)
                continue
            }
            return wasAsked || end == .exited(ExportMessage.restartStatus) ? nil : "\(end)"
        }
        process.kill()
        return "it closed its channel and did not end"
    }

    private func take(_ line: String) {
        guard let message = try? JSONDecoder().decode(ExportMessage.self, from: Data(line.utf8)) else {
            logger.error(
                "\(Self.programName) sent a report that this daemon cannot read: install the two programs of one version"
            )
            return
        }
        for saying in message.said {
            let text = PrintableText.of(saying.text)
            switch saying.severity {
            case "error": logger.error("\(text)")
            case "warning": logger.warning("\(text)")
            default: logger.notice("\(text)")
            }
        }
        state.withLock { state in
            if let failure = message.failure {
                if !state.hasBegun { state.failure = failure }
                state.status.failure = failure
            } else {
                state.hasBegun = true
                state.status.failure = nil
                state.status.sinks = message.sinks
            }
        }
    }

    private static func json(_ plan: ExportPlan) -> String {
        (try? JSONEncoder().encode(plan)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// Sinks that cannot be used.
package struct ExportFailure: Error, CustomStringConvertible {
    package let description: String
}
