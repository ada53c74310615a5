// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowModel
import FlowVerdict
import Foundation
import Host
import Logging
import Synchronization

/// The work of the thread that looks at the switch's megaflows.
final class MegaflowPoller: Sendable {
    private let board: MegaflowBoard
    private let switchBoard: SwitchBoard
    private let tracer: SwitchTracer
    private let logger: Logger
    private let client: UnixctlClient
    private let choice: SwitchChoice
    private let wishes: Wanted
    private let thread = Mutex<HostThread<Void>?>(nil)

    /// From one look to the next, at least: half of what Open vSwitch keeps a megaflow that no packet meets (`max-idle`).
    static let interval = Duration.seconds(5)
    /// Megaflows that are kept.
    static let capacity = 200_000
    /// A look takes a fiftieth of the time at most.
    private static let rarity = 50.0
    /// From one question to the next whether anything has changed: more than a second, since the switch counts by seconds.
    private static let tick = Duration.milliseconds(1200)
    /// Within as long the switch may not have counted a change yet.
    private static let lag = Duration.milliseconds(1100)

    init(
        _ choice: SwitchChoice, board: MegaflowBoard, switchBoard: SwitchBoard, tracer: SwitchTracer, logger: Logger
    ) {
        self.board = board
        self.switchBoard = switchBoard
        self.tracer = tracer
        self.logger = logger
        let wishes = Wanted()
        self.wishes = wishes
        self.choice = choice
        client = UnixctlClient { wishes.isEnding }
    }

    func start() {
        let started = HostThread(named: "weir-megaflows", privileges: .none) { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Ends the thread, once, and waits for it.
    func end() {
        wishes.end()
        try? thread.withLock(\.self)?.wait()
    }

    /// From now on polls as soon as a judge waits.
    func hurry() { wishes.hurry() }

    private func run() {
        var pace = RetryPace()
        var session = Session()
        while !wishes.isEnding {
            do throws(UnixctlFailure) {
                try turn(&session)
                pace.reset()
                board.succeed()
                wishes.wait(atMost: wishes.isHurried ? .milliseconds(150) : Self.tick)
            } catch {
                guard error != .ended else { return }
                session.isInDoubt = true
                say(error)
                wishes.wait(atMost: pace.pause())
            }
        }
    }

    private func say(_ failure: UnixctlFailure) {
        guard board.fail(failure) else { return }
        logger.warning(
            "cannot ask Open vSwitch what it does with packets: \(failure); their verdicts are not known, measuring goes on, and it is tried again"
        )
    }

    /// What the thread knows of the process that it asks.
    private struct Session {
        var server: SwitchSocket?
        /// Whether it did not answer last.
        var isInDoubt = false
        var counters: ChangeCounters?
        var next = ContinuousClock.now
    }
}

extension MegaflowPoller {
    private func turn(_ session: inout Session) throws(UnixctlFailure) {
        let server = try server(session)
        session.isInDoubt = false
        if session.server != server {
            session.server = server
            session.counters = nil
            session.next = .now
        }
        try watchForChanges(server, &session)
        if ContinuousClock.now >= session.next || wishes.takeHurry() { try look(server, &session) }
        askForRules()
    }

    /// The one that answered last, while it is there: to look for it takes a connection.
    private func server(_ session: Session) throws(UnixctlFailure) -> SwitchSocket {
        if let known = session.server, !session.isInDoubt, known.isInPlace { return known }
        return try .find(in: choice.runDirectory, named: choice.control)
    }

    /// Asks twice: a counter of the switch's main thread is up to date a second after what it counts, and after the thread has slept once.
    private func watchForChanges(_ server: SwitchSocket, _ session: inout Session) throws(UnixctlFailure) {
        try client.ask(server, "coverage/show") { _ in }
        let moment = ClockAnchor.now.realtime
        var counters = ChangeCounters()
        try client.ask(server, "coverage/show") { counters.take($0) }
        defer { session.counters = counters }
        guard let before = session.counters else {
            return board.update { $0.begin(at: moment) }
        }
        guard counters.mayHaveChanged(since: before) else {
            return board.update { $0.confirm(until: moment.advanced(by: .zero - Self.lag)) }
        }
        // What was there before stays until the switch has looked at it: the second time it has begun after the change.
        for _ in 0..<2 { try client.ask(server, "revalidator/wait") { _ in } }
        let settled = ClockAnchor.now.realtime
        board.update { $0.noteChange(until: settled) }
        board.note { $0.changes += 1 }
    }

    /// Takes all megaflows of all datapaths.
    private func look(_ server: SwitchSocket, _ session: inout Session) throws(UnixctlFailure) {
        let clock = ContinuousClock.now
        let start = ClockAnchor.now.realtime
        var datapaths: [String] = []
        try client.ask(server, "dpctl/dump-dps") { if !$0.isEmpty { datapaths.append($0) } }
        var look = board.update { $0.look(at: start) }
        var bytes = 0
        do throws(UnixctlFailure) {
            for datapath in datapaths { bytes += try take(datapath, of: server, &look) }
        } catch {
            board.update { $0.abandon(look) }
            throw error
        }
        let took = clock.duration(to: .now)
        board.update { $0.end(look, at: ClockAnchor.now.realtime) }
        board.note(server: server, datapaths: datapaths)
        let interval = max(Self.interval, took * Self.rarity)
        session.next = clock + interval
        note(bytes, took, interval, at: start)
    }

    /// - Returns: the bytes of its list.
    private func take(
        _ datapath: String, of server: SwitchSocket, _ look: inout MegaflowHistory.Look
    ) throws(UnixctlFailure) -> Int {
        // Without -m, which takes the switch twice as long to print: what it adds is what megaflows do not compare.
        var found = look
        defer { look = found }
        return try client.ask(server, "dpctl/dump-flows", ["--names", datapath]) { line in
            board.update { $0.take(line, of: datapath, in: &found) }
        }
    }

    private func note(_ bytes: Int, _ took: Duration, _ interval: Duration, at start: UnixTime) {
        let (count, unreadable, isCut) = board.update { ($0.count, $0.unreadable, $0.isCut) }
        board.note { report in
            report.polls += 1
            report.megaflows = count
            report.unreadable = unreadable
            report.isCut = isCut
            report.lastPoll = Double(start.nanoseconds) / 1e9
            report.pollSeconds = took / .seconds(1)
            report.pollBytes = bytes
            report.intervalSeconds = interval / .seconds(1)
        }
    }

    /// Questions that are looked for at a time.
    private static let batch = 32

    /// Asks by which rules megaflows are as they are, as often as that is allowed.
    private func askForRules() {
        guard let ports = switchBoard.ports else { return }
        // Ports that have had their share are left out until the next turn.
        var sated: Set<String> = []
        while !wishes.isEnding {
            let questions = board.update { [sated] history in
                history.takeQuestions(Self.batch) { !sated.contains($0) && ports[$0]?.way != nil }
            }
            guard !questions.isEmpty else { return }
            var rest: [MegaflowHistory.Question] = []
            for (index, question) in questions.enumerated() {
                if sated.contains(question.port) || !board.mayTrace(for: question.port) {
                    sated.insert(question.port)
                    rest.append(question)
                } else if !ask(question) {
                    return board.update { $0.putBack(rest + questions[index...]) }
                }
            }
            board.update { [rest] in $0.putBack(rest) }
        }
    }

    /// Whether the switch can be asked more.
    private func ask(_ question: MegaflowHistory.Question) -> Bool {
        do throws(UnixctlFailure) {
            let trace = try tracer.trace(question.flow, on: question.datapath)
            board.update { $0.answer(question, trace) }
            return true
        } catch {
            // What it cannot say of a megaflow that is gone, it will not be able to say later.
            if case .refused = error { return true }
            return false
        }
    }
}

/// What others want of the thread.
private final class Wanted: Sendable {
    private struct State {
        var isEnding = false
        var isHurried = false
        var isLookDue = false
    }

    private let state = Mutex(State())
    private let rung = DispatchSemaphore(value: 0)

    var isEnding: Bool { state.withLock(\.isEnding) }
    var isHurried: Bool { state.withLock(\.isHurried) }

    func end() {
        state.withLock { $0.isEnding = true }
        rung.signal()
    }

    func hurry() {
        state.withLock { state in
            state.isHurried = true
            state.isLookDue = true
        }
        rung.signal()
    }

    func takeHurry() -> Bool {
        state.withLock { state in
            defer { state.isLookDue = false }
            return state.isLookDue
        }
    }

    func wait(atMost duration: Duration) {
        guard !isEnding else { return }
        _ = rung.wait(timeout: .now() + .milliseconds(max(1, Int(duration / .milliseconds(1)))))
    }
}
