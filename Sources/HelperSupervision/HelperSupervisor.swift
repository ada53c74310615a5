// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
package import Host
package import Logging
import Synchronization

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
        /// Whether a thread follows the process, and starts the next one.
        var isFollowed = false
        /// Whether the start waits for the first process.
        var isAwaited = false
        /// Whether the process has its plan: what comes after that is heard.
        var hasPlan = false
        /// What each process is handed after its plan, in that order.
        var handed: [HandedLine] = []
        var status = Status()
        /// Whether the first process has said how it stands; and what it could not do.
        var hasBegun = false
        var failure: String?
        /// Grows with each plan: the process that runs may have an older one.
        var planNumber = 0
        var ending: Ending?

        /// Whether a thread must be started for the plan; then there is one.
        mutating func mustFollow() -> Bool {
            guard plan.needsProcess, !isFollowed, ending == nil else { return false }
            isFollowed = true
            return true
        }

        /// Nothing follows a process any more.
        mutating func end() {
            (status.pid, process, isFollowed) = (nil, nil, false)
        }

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
        state.withLock { ($0.isAwaited, $0.isFollowed) = (true, true) }
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
    ///
    /// - Parameters:
    ///   - line: is made whenever it is sent.
    ///   - place: what was handed over under that name before is not any more.
    package func hand(
        _ line: @escaping @autoclosure @Sendable () -> String, _ descriptor: consuming Descriptor, as place: String
    ) {
        let handed = HandedLine(place, line, descriptor)
        state.withLock { state in
            state.handed.removeAll { $0.place == place }
            state.handed.append(handed)
            if state.hasPlan, let process = state.process { handed.send(to: process) }
        }
    }

    /// Goes on with another plan: the process ends, and another one begins.
    package func reconfigure(_ plan: Plan) {
        let mustStart = state.withLock { state in
            guard state.plan != plan else { return false }
            state.plan = plan
            state.planNumber += 1
            return state.mustFollow()
        }
        if mustStart { startThread() }
    }

    /// Goes on with another plan in the same process, which is told of the change by lines. Where it does not take them, or is not needed any
    /// more, it ends, and the next one begins with the plan. Never blocks.
    package func update(_ plan: Plan, telling lines: [String]) {
        let mustStart = state.withLock { state in
            guard state.plan != plan else { return false }
            state.plan = plan
            guard plan.needsProcess else {
                state.planNumber += 1
                return false
            }
            if state.hasPlan, let process = state.process,
                !lines.allSatisfy({ process.channel.send($0, waits: false) })
            {
                state.planNumber += 1
            }
            return state.mustFollow()
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
            guard let (plan, number) = next() else { return }
            let end = run(plan, number, isFirst: isFirst)
            isFirst = false
            guard let failure = end else {
                if isEnding { return clear() }
                backOff.succeed()
                continue
            }
            let goesOn = state.withLock { state in
                state.note(failure)
                // A start that fails is the daemon's to tell of.
                return state.ending == nil && (state.hasBegun || !state.isAwaited)
            }
            guard goesOn else { return clear() }
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
            tell(plan, number, to: process)
            guard let end = talk(to: process, plan: number) else { return nil }
            return state.withLock(\.status.failure) ?? end
        } catch {
            return "\(error)"
        }
    }

    /// Tells the process its plan, and what changes of it meanwhile.
    private func tell(_ first: Plan, _ number: Int, to process: HelperProcess) {
        var told: Plan? = first
        while let plan = told {
            process.channel.send(Self.json(plan))
            told = state.withLock { state in
                guard state.plan == plan || state.planNumber != number else { return state.plan }
                state.hasPlan = true
                for handed in state.handed { handed.send(to: process) }
                return nil
            }
        }
    }

    /// What the next process is to do; nil where none is needed: then nothing follows it any more.
    private func next() -> (plan: Plan, number: Int)? {
        state.withLock { state in
            guard state.plan.needsProcess, state.ending != .abandoned else {
                state.end()
                return nil
            }
            return (state.plan, state.planNumber)
        }
    }

    private func clear() { state.withLock { $0.end() } }

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
    let place: String
    private let line: @Sendable () -> String
    private let descriptor: Descriptor

    init(_ place: String, _ line: @escaping @Sendable () -> String, _ descriptor: consuming Descriptor) {
        self.place = place
        self.line = line
        self.descriptor = descriptor
    }

    func send(to process: HelperProcess) { process.channel.send(line(), with: descriptor) }
}

/// A helper that cannot be used, in a sentence.
package struct HelperFailure: Error, CustomStringConvertible {
    package let description: String
}
