// SPDX-License-Identifier: Apache-2.0

import FlowFilter
import FlowModel
import FlowStore
import FlowViews
import Foundation
import Host
import Synchronization

/// A live table on the terminal, until the operator ends it. Figures are gathered by a thread of their own, so that keys are never waited for.
struct TopSession {
    private let worker: TopWorker
    private let clock: ClockText
    private let ink = Ink.ofOutput()
    private let most: Int?
    private var state: TopState
    private var reader = TerminalKeyReader()
    private var screen = ScreenRows()
    private var answer: Result<TrafficSource.Answer, any Error>?
    /// What it is the answer to.
    private var known: TopChoices?
    /// Its groups in order, made when the answer or the order changes.
    private var ranking: Ranking?

    /// How long figures stand at least; where they take long to gather, twice as long as that took.
    private static let pace = Duration.seconds(2)

    init(_ place: StorePlace, _ choices: TopChoices, clock: ClockText, most: Int?) {
        let selection = StoreSelection()
        state = TopState(choices) { text in
            do { _ = try selection.filter(text) } catch { return "\(error)" }
            return nil
        }
        worker = TopWorker(place)
        self.clock = clock
        self.most = most
    }

    func run() throws {
        // Before there is another thread: signals are blocked for all of them.
        let device = try TerminalDevice()
        defer { device.close() }
        worker.start()
        var session = self
        try session.follow(device)
    }

    private mutating func follow(_ device: TerminalDevice) throws {
        worker.ask(state.choices)
        var due: ContinuousClock.Instant?
        while true {
            if let found = worker.take() {
                answer = found.result
                known = found.choices
                ranking = nil
                due = ContinuousClock.now + max(Self.pace, found.cost * 2)
            }
            draw(on: device)
            if let moment = due, ContinuousClock.now >= moment, !state.isPaused {
                worker.ask(state.choices)
                due = nil
            }
            switch device.wait(atMost: .milliseconds(reader.isPending ? 40 : 100)) {
            case .ended: return
            case .changed: screen.forget()
            case .timeout:
                guard reader.isPending, try !handle(reader.keys([], isOver: true), device) else { continue }
                return
            case .input(let bytes):
                guard try handle(reader.keys(bytes), device) else { return }
            }
        }
    }

    /// - Returns: false where the operator ends it.
    private mutating func handle(_ keys: [TerminalKey], _ device: TerminalDevice) throws -> Bool {
        for key in keys {
            let page = TopScreen.page(rows: TerminalDevice.size.rows, most: most)
            switch state.handle(key, now: ClockAnchor.now.realtime.seconds, page: page) {
            case .quit: return false
            case .ask: worker.ask(state.choices)
            case .suspend:
                try device.suspend()
                screen.forget()
            case .redraw where key == .control("l"): screen.forget()
            case .none, .redraw: break
            }
        }
        return true
    }

    private mutating func draw(on device: TerminalDevice) {
        let size = TerminalDevice.size
        if ranking?.measure != state.choices.measure {
            ranking = (try? answer?.get())?.ranking(state.choices.measure)
        }
        state.limitOffset(groups: ranking?.groups.count ?? 0, page: TopScreen.page(rows: size.rows, most: most))
        let services = StoreSelection.services
        let rows = TopScreen(
            state, content,
            names: state.choices.hasNames ? GroupNames { services.name(of: $0, $1) } : GroupNames(),
            ink, clock, rows: size.rows, columns: size.columns, most: most
        ).rows
        let bytes = screen.update(rows)
        if !bytes.isEmpty { device.write(bytes) }
    }

    private var content: TopScreen.Content {
        var content = TopScreen.Content(
            ranking: ranking, failure: nil, notes: [], isOutdated: !(known?.asksSame(as: state.choices) ?? false))
        switch answer {
        case .failure(let error): content.failure = "\(error)"
        case .success(let answer):
            content.notes = answer.notes
            if let damage = answer.damages.first { content.notes.insert("damaged: \(damage.segment.path)", at: 0) }
        case nil: break
        }
        return content
    }
}

/// Gathers figures in a thread of its own. Of several questions the last one counts.
private final class TopWorker: Sendable {
    struct Found: Sendable {
        let choices: TopChoices
        let result: Result<TrafficSource.Answer, any Error>
        let cost: Duration
    }

    private struct State {
        var question: TopChoices?
        var found: Found?
    }

    private let place: StorePlace
    private let state = Mutex(State())
    private let asked = DispatchSemaphore(value: 0)

    init(_ place: StorePlace) { self.place = place }

    func start() {
        _ = HostThread(named: "weir-top") { [self] in
            var source: TrafficSource?
            while true {
                asked.wait()
                guard let choices = begin() else { continue }
                let start = ContinuousClock.now
                let result = Result {
                    var open = try source ?? TrafficSource(place)
                    defer { source = open }
                    return try Self.answer(choices, &open)
                }
                let found = Found(choices: choices, result: result, cost: ContinuousClock.now - start)
                state.withLock { $0.found = found }
            }
        }
    }

    private func begin() -> TopChoices? {
        state.withLock { $0.question.take() }
    }

    private static func answer(_ choices: TopChoices, _ source: inout TrafficSource) throws -> TrafficSource.Answer {
        let selection = StoreSelection()
        let now = selection.now.seconds
        return try source.answer(
            by: choices.fields, choices.filter.isEmpty ? nil : try selection.filter(choices.filter),
            since: choices.since(now), until: nil, now: now)
    }

    func ask(_ choices: TopChoices) {
        state.withLock { $0.question = choices }
        asked.signal()
    }

    /// What was found; once.
    func take() -> Found? { state.withLock { $0.found.take() } }
}
