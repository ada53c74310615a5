// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
package import Host
package import Logging
import Synchronization

/// What a helper is told when it starts: a line of JSON. A helper that has another plan than the supervisor is started anew.
package protocol HelperPlan: Encodable, Equatable, Sendable {
    /// Whether there is work for a process at all.
    var needsProcess: Bool { get }
    /// Whether the helper has the daemon's standard output.
    var printsLines: Bool { get }
    /// Makes what the helper cannot make without privileges.
    func prepare() throws
}

/// A program that the daemon starts, and how it is ended.
package struct HelperProgram: Sendable {
    /// What the daemon's log calls it; also its file, beside the daemon's own program.
    package var name: String
    /// Where it is; nil: beside the daemon's own program.
    package var path: String?
    /// The name of the thread that follows it.
    package var thread: String
    /// The line that asks it to do what is left, and to end.
    package var finishLine: String
    /// The exit status by which it asks to be started again at once.
    package var restartStatus: Int32
    /// How long a start waits for the first report.
    package var longestStart = Duration.seconds(80)
    /// A helper that takes longer to end is killed.
    package var longestFinish = Duration.seconds(60)

    package init(name: String, path: String? = nil, thread: String, finishLine: String, restartStatus: Int32) {
        self.name = name
        self.path = path
        self.thread = thread
        self.finishLine = finishLine
        self.restartStatus = restartStatus
    }
}

/// What a line of a helper says of the helper.
package enum HelperWord: Equatable, Sendable {
    case works
    case failed(String)
    /// It is none that this daemon knows.
    case unreadable
}

/// Starts a helper, hears its reports line by line, and starts it again, ever less often, where it ends without being asked.
///
/// Nothing that the process does or leaves undone can delay the daemon: only `start`, `finish` and `abandon` wait for it, and each for a
/// bounded time.
package final class HelperSupervisor<Plan: HelperPlan>: Sendable {
    /// How the process stands.
    package struct Status: Equatable, Sendable {
        package var pid: Int32?
        package var restarts: UInt64 = 0
        /// Why it does not run; nil while it does.
        package var failure: String?

        package init() {}
    }

    /// How the supervision ends.
    private enum Ending { case finishing, abandoned }

    private struct State {
        var plan: Plan
        var process: HelperProcess?
        /// Whether the process has its plan: what comes after that is heard.
        var hasPlan = false
        /// What each process is handed after its plan.
        var handed: HandedLine?
        var status = Status()
        /// Whether the first process has said how it stands; and what it could not do.
        var hasBegun = false
        var failure: String?
        /// Grows with each plan: the process that runs may have an older one.
        var planNumber = 0
        var ending: Ending?

        /// Takes note of a process that ended.
        mutating func note(_ failure: String) {
            if !hasBegun { self.failure = self.failure ?? failure }
            status.pid = nil
            status.restarts += 1
            status.failure = failure
        }
    }

    private let program: HelperProgram
    private let state: Mutex<State>
    private let logger: Logger
    private let thread: Mutex<HostThread<Void>?> = Mutex(nil)
    /// Takes a line of the helper.
    private let hear: @Sendable (String) -> HelperWord
    /// Whether the helper has done some of its work: what ends after that is started again soon.
    private let hasWorked: @Sendable () -> Bool

    /// Called on the thread that follows the helper: `hear` with each of its lines, `hasWorked` where it has ended.
    package init(
        _ program: HelperProgram, _ plan: Plan, logger: Logger, hasWorked: @escaping @Sendable () -> Bool,
        hear: @escaping @Sendable (String) -> HelperWord
    ) {
        self.program = program
        state = Mutex(State(plan: plan))
        self.logger = logger
        self.hasWorked = hasWorked
        self.hear = hear
    }

    package var status: Status { state.withLock(\.status) }

    /// The plan of the next process. The process that runs may still have an older plan.
    package var plan: Plan { state.withLock(\.plan) }

    /// Starts the process, and waits for its first report.
    ///
    /// - Throws: what the helper or its start failed with. Then there is no process.
    package func start() throws {
        let plan = plan
        guard plan.needsProcess else { return }
        try plan.prepare()
        startThread()
        let deadline = ContinuousClock.now + program.longestStart
        while ContinuousClock.now < deadline {
            let (hasBegun, failure) = state.withLock { ($0.hasBegun, $0.failure) }
            if let failure {
                finish()
                throw HelperFailure(description: failure)
            }
            if hasBegun { return }
            Thread.sleep(forTimeInterval: 0.01)
        }
        finish()
        throw HelperFailure(description: "\(program.name) does not answer")
    }

    private func startThread() {
        // The process must not get the daemon's capabilities.
        let started = HostThread(named: program.thread, privileges: .none) { [self] in follow() }
        thread.withLock { $0 = started }
    }

    /// Tells the helper a line, if it runs and reads. Never blocks.
    package func tell(_ line: String) { _ = state.withLock(\.process)?.channel.send(line, waits: false) }

    /// Hands the helper a descriptor with a line, and each one that comes after it. Never blocks.
    package func hand(_ line: String, _ descriptor: consuming Descriptor) {
        let handed = HandedLine(line, descriptor)
        state.withLock { state in
            state.handed = handed
            if state.hasPlan, let process = state.process { handed.send(to: process) }
        }
    }

    /// Goes on with another plan: the process ends, and another one begins.
    package func reconfigure(_ plan: Plan) {
        let mustStart = state.withLock { state in
            guard state.plan != plan else { return false }
            defer { state.plan = plan }
            state.planNumber += 1
            return !state.plan.needsProcess
        }
        if mustStart { startThread() }
    }

    /// Has the helper do what is left, and ends it; blocks.
    package func finish() { end(.finishing) }

    /// Ends the helper at once, whatever is left; blocks until it is gone.
    package func abandon() { end(.abandoned) }

    private func end(_ ending: Ending) {
        state.withLock { $0.ending = ending }
        _ = try? thread.withLock({ $0.take() })?.wait()
    }
}

extension HelperSupervisor {
    /// Runs one process after the other, until the end is asked for or none is needed. At the end one more process does what is left where
    /// the last one ended too early.
    private func follow() {
        var backOff = BackOff(atMost: .seconds(30))
        var random = SystemRandomNumberGenerator()
        var isFirst = true
        while true {
            let (plan, number, ending) = state.withLock { ($0.plan, $0.planNumber, $0.ending) }
            if !plan.needsProcess || ending == .abandoned { return clear() }
            let end = run(plan, number, isFirst: isFirst)
            isFirst = false
            guard let failure = end else {
                if isEnding { return clear() }
                backOff.succeed()
                continue
            }
            let hasBegun = state.withLock { state in
                state.note(failure)
                return state.hasBegun
            }
            // A start that fails is the daemon's to tell of.
            guard hasBegun, ending == nil else { return clear() }
            logger.error("\(program.name): \(failure); it is started again")
            if hasWorked() { backOff.succeed() }
            backOff.fail(at: ClockAnchor.now.monotonic, using: &random)
            while backOff.wait(at: ClockAnchor.now.monotonic) != nil, !isEnding { Thread.sleep(forTimeInterval: 0.1) }
        }
    }

    private var isEnding: Bool { state.withLock { $0.ending != nil } }

    /// Runs one process to its end.
    ///
    /// - Returns: why it ended where nothing asked for that; nil where the next one can begin at once.
    private func run(_ plan: Plan, _ number: Int, isFirst: Bool) -> String? {
        do {
            try plan.prepare()
            let process = try spawn(plan, isFirst: isFirst)
            process.channel.send(Self.json(plan))
            state.withLock { state in
                state.hasPlan = true
                state.handed?.send(to: process)
            }
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
    private func spawn(_ plan: Plan, isFirst: Bool) throws -> HelperProcess {
        let names = ["PATH", "LANG", "LC_ALL", "TZ"] + (isFirst ? ["WEIR_FAULT"] : [])
        let environment = ProcessInfo.processInfo.environment
        let process = try HelperProcess(
            try program.path ?? Self.besideOwnProgram(program.name),
            ["--supervisor", "\(ProcessInfo.processInfo.processIdentifier)"],
            environment: names.compactMap { name in environment[name].map { "\(name)=\($0)" } },
            prints: plan.printsLines)
        state.withLock { state in
            state.process = process
            state.status.pid = process.pid
        }
        return process
    }

    private static func besideOwnProgram(_ name: String) throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: own).deletingLastPathComponent().appending(path: name).path
    }

    private static var pollPeriod: Duration { .milliseconds(200) }

    /// Hears what the process says until it ends.
    ///
    /// - Returns: why it ended where nothing asked for that; nil where the next one can begin at once.
    private func talk(to process: HelperProcess, plan: Int) -> String? {
        defer { state.withLock { ($0.process, $0.hasPlan) = (nil, false) } }
        var deadline: ContinuousClock.Instant?
        while true {
            switch process.channel.receive(within: Self.pollPeriod) {
            case .lines(let lines): for line in lines { take(line) }
            case .nothing: break
            case .ended: return reap(process, wasAsked: deadline != nil)
            }
            let (ending, number) = state.withLock { ($0.ending, $0.planNumber) }
            if deadline == nil, ending != nil || number != plan {
                if ending == .abandoned {
                    process.kill()
                } else {
                    process.channel.send(program.finishLine, waits: false)
                }
                deadline = ContinuousClock.now + program.longestFinish
            }
            if let time = deadline, ContinuousClock.now > time {
                logger.warning("\(program.name) does not end, and is killed; the next one goes on where it was")
                process.kill()
                deadline = time + program.longestFinish
            }
        }
    }

    private func reap(_ process: HelperProcess, wasAsked: Bool) -> String? {
        for _ in 0..<1000 {
            guard let end = process.reap() else {
                Thread.sleep(forTimeInterval: 0.01)
                continue
            }
            return wasAsked || end == .exited(program.restartStatus) ? nil : "\(end)"
        }
        process.kill()
        return "it closed its channel and did not end"
    }

    private func take(_ line: String) {
        let word = hear(line)
        state.withLock { state in
            switch word {
            case .works:
                state.hasBegun = true
                state.status.failure = nil
            case .failed(let failure):
                if !state.hasBegun { state.failure = failure }
                state.status.failure = failure
            case .unreadable: break
            }
        }
        if word == .unreadable {
            logger.error(
                "\(program.name) sent a report that this daemon cannot read: install the two programs of one version")
        }
    }

    private static func json(_ plan: Plan) -> String {
        (try? JSONEncoder().encode(plan)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// A line, and the descriptor that goes with it.
private final class HandedLine: Sendable {
    private let line: String
    private let descriptor: Descriptor

    init(_ line: String, _ descriptor: consuming Descriptor) {
        self.line = line
        self.descriptor = descriptor
    }

    func send(to process: HelperProcess) { process.channel.send(line, with: descriptor) }
}

/// A helper that cannot be used, in a sentence.
package struct HelperFailure: Error, CustomStringConvertible {
    package let description: String
}
