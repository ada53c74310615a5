// SPDX-License-Identifier: Apache-2.0

package import FlowModel
import Host
package import Logging
package import SystemPackage
package import TapService

/// Keeps the taps of this host in force: carries out requests, follows ports as they come and go, and shares budgets out each second.
///
/// Used from one thread, the one that attaches ports: a port that comes has its sessions before the thread does anything else.
package struct TapRuntime {
    private let file: TapStateFile
    private let desk: TapDesk
    let logger: Logger
    package var settings: TapSettings {
        didSet { if settings.device != oldValue.device { device = settings.device.map { EgressDevice($0) } } }
    }
    /// nil: there is none to send what lies in a ring.
    package var relay: TapRelay?
    private(set) var book: TapBook
    var captures = TapCaptures()
    /// As the ports were last.
    private(set) var host = TapSurroundings()
    private var outcomes: [TapCompiler.Outcome] = []
    private(set) var captureOutcomes: [String: TapCompiler.CaptureOutcome] = [:]
    /// In force; nil: not known, as at the start.
    private var plan: TapPlan?
    private var uplinks: Set<PortNumber> = []
    var counts: [Int: TapFigures] = [:]
    private var budgets: [String: TapRate] = [:]
    private var demand = TapDemand()
    /// Of the last second.
    private var demands: [TapBudget.Demand] = []
    /// What the host leaves to copies, of the last second; nil: not measured yet.
    private var hostBytes: UInt64?
    private var device: EgressDevice?
    private var lastSecond = ClockAnchor.now.monotonic
    /// Why what was asked for is not in force.
    private var failure: String?
    /// Why what an earlier daemon kept was not read; nil from the first request on that was carried out.
    private var unread: String?

    /// Reads what an earlier daemon kept. Where that cannot be, it goes on without, and says so.
    package init(stateDirectory: FilePath, desk: TapDesk, settings: TapSettings, logger: Logger) {
        file = TapStateFile(folder: stateDirectory)
        (book, unread) = file.read()
        if let unread { logger.error("\(unread)") }
        self.desk = desk
        self.settings = settings
        self.logger = logger
        device = settings.device.map { EgressDevice($0) }
    }

    /// Whether there is anything to be done for the sessions or at the desk; false where there are no taps.
    package var isNeeded: Bool { desk.hasRequests || !book.isEmpty || !captures.isEmpty || plan == nil }

    package var hasRequests: Bool { desk.hasRequests }

    /// When the budgets are due, and captures that were not renewed; nil where there are neither.
    package var due: MonotonicTime? {
        outcomes.isEmpty && captures.isEmpty ? nil : lastSecond.advanced(by: .seconds(1))
    }

    package var report: TapReport? {
        let failure = failure ?? unread
        guard !book.isEmpty || failure != nil else { return nil }
        var report = TapReport(desk.view, failure: failure)
        report.mirror = relay?.report
        return report
    }

    /// Takes the ports as they are now, and carries out what is asked for.
    package mutating func follow(_ host: TapSurroundings, by engine: borrowing some TapEngine & ~Copyable) {
        self.host = host
        readCounts(engine)
        let requests = desk.takeRequests()
        compileAgain(engine)
        let done = requests.map { request in (request.reply, carryOut(request, engine)) }
        publish()
        // A client that reads on when it is answered finds what was done.
        for (reply, result) in done { reply(result) }
    }

    /// Has sessions in force for ports that are about to get their programs, so that no frame of theirs is missed.
    package mutating func prepare(_ host: TapSurroundings, by engine: borrowing some TapEngine & ~Copyable) {
        guard !book.isEmpty || !captures.isEmpty else { return }
        self.host = host
        readCounts(engine)
        compileAgain(engine, .begun)
    }

    /// The accounts that sessions have.
    package var accounts: Set<Int> { book.accounts.numbers }

    /// Counts on from what was counted in tables that those of the engine have taken the place of; once for each such installation.
    package mutating func countOn(from counts: [Int: TapFigures], of installation: UInt64) {
        guard book.accounts.countOn(from: counts, of: installation) else { return }
        do throws(TapError) { try file.write(book) } catch { logger.error("\(error)") }
    }

    /// What is due each second: counts, budgets, and another try of what the kernel did not take.
    package mutating func turn(by engine: borrowing some TapEngine & ~Copyable, now: MonotonicTime) {
        guard let due, now >= due else { return }
        let seconds = max(lastSecond.duration(to: now) / .seconds(1), 0.001)
        lastSecond = now
        readCounts(engine)
        endOverdueCaptures(engine, now: now)
        let sessions = outcomes.filter { $0.place != nil }.map { outcome in
            let sum = outcome.ports.reduce(book.accounts.past(of: outcome.request.id)) { sum, port in
                sum + (counts[port.account] ?? TapFigures())
            }
            return (request: outcome.request, counts: sum.sum)
        }
        demands = demand.take(sessions, seconds: seconds)
        measureHost(sent: demand.sent(sessions), seconds: seconds, now: now)
        if failure != nil || budgets(of: sessions.map(\.request), book) != budgets { compileAgain(engine) }
        publish()
    }
}

extension TapRuntime {
    private mutating func readCounts(_ engine: borrowing some TapEngine & ~Copyable) {
        // First: what could not be sent was counted as mirrored before.
        takeUnsent()
        let numbers = book.accounts.numbers.union(captures.accounts.numbers)
        guard !numbers.isEmpty, let counts = try? engine.counts(of: numbers) else { return }
        self.counts = book.accounts.complete(counts)
    }

    private mutating func takeUnsent() {
        guard relay?.takeUnsent(into: &book.accounts) == true else { return }
        // The next daemon has the kernel's counts, and not this.
        do throws(TapError) { try file.write(book) } catch { logger.error("\(error)") }
    }

    /// Has all sent that was taken, and ends what sends it; blocks, for some seconds at most. The programs go on.
    package mutating func end() {
        relay?.finish()
        takeUnsent()
    }

    /// Puts in force what the book asks for at the ports that there are.
    mutating func compileAgain(_ engine: borrowing some TapEngine & ~Copyable, _ ports: Ports = .attached) {
        var (new, newCaptures) = (book, captures)
        let (compiler, budgets) = compiled(&new, &newCaptures)
        captures = newCaptures
        (outcomes, captureOutcomes, self.budgets) = (compiler.outcomes, compiler.captureOutcomes, budgets)
        if new != book {
            book = new
            // Without it the next daemon counts on in other accounts.
            do throws(TapError) { try file.write(book) } catch { logger.error("\(error)") }
        }
        do throws(KernelError) {
            try force(compiler, engine, ports)
            if failure != nil { logger.notice("taps are in force again") }
            failure = nil
        } catch {
            if failure != "\(error)" { logger.error("taps are not in force as they were asked for: \(error)") }
            failure = "\(error)"
        }
    }

    /// Whether some of the plan's ports have no programs yet.
    enum Ports { case attached, begun }

    /// What a plan has in common with the one in force is not written again.
    private mutating func force(
        _ compiler: TapCompiler, _ engine: borrowing some TapEngine & ~Copyable, _ ports: Ports = .attached
    ) throws(KernelError) {
        let new = compiler.plan
        guard new != plan || compiler.uplinks != uplinks else { return }
        let isFirst = plan == nil
        // What the last daemon left in force has its accounts from the same file.
        if let plan {
            try engine.clear(new.accounts.subtracting(plan.accounts))
            counts = counts.filter { plan.accounts.contains($0.key) }
        }
        relay?.prepare(compiler.relays)
        if let plan, compiler.uplinks == uplinks, plan.withoutBudgets == new.withoutBudgets {
            try engine.limit(new.sessions)
        } else {
            switch ports {
            case .attached: try engine.set(new, uplinks: compiler.uplinks)
            case .begun: try engine.prepare(new, uplinks: compiler.uplinks)
            }
        }
        (plan, uplinks) = (new, compiler.uplinks)
        if isFirst { removeRings(engine) }
        relay?.follow(compiler.relays, by: engine)
    }

    private mutating func carryOut(
        _ request: TapDesk.Request, _ engine: borrowing some TapEngine & ~Copyable
    ) -> Result<TapDesk.Done, TapError> {
        do throws(TapError) {
            if let done = try carryOutCapture(request, engine) { return .success(done) }
            var new = book
            let done = try Self.apply(request, to: &new, in: host)
            try put(new, captures, engine)
            logger.notice("\(Self.sentence(request, done, book)), asked for by \(request.owner.text)")
            return .success(done)
        } catch {
            return .failure(error)
        }
    }

    /// What is written first is taken back where the kernel does not take it.
    mutating func put(
        _ wanted: TapBook, _ wantedCaptures: TapCaptures, _ engine: borrowing some TapEngine & ~Copyable
    ) throws(TapError) {
        var (new, newCaptures) = (wanted, wantedCaptures)
        let (compiler, budgets) = compiled(&new, &newCaptures)
        if new != book { try file.write(new) }
        do throws(KernelError) { try force(compiler, engine) } catch {
            if new != book { try? file.write(book) }
            throw TapError(.failed, "\(error); nothing is changed")
        }
        if wanted != book { unread = nil }
        (book, captures, failure) = (new, newCaptures, nil)
        (outcomes, captureOutcomes, self.budgets) = (compiler.outcomes, compiler.captureOutcomes, budgets)
    }

    private static func apply(
        _ request: TapDesk.Request, to book: inout TapBook, in host: TapSurroundings
    ) throws(TapError) -> TapDesk.Done {
        switch request.action {
        case .create(let kind, let values):
            let id = newID
            try book.create(kind, id: id, values, by: request.owner, in: host)
            return .changed(id: id)
        case .update(let kind, let reference, let values):
            return .changed(id: try book.update(kind, reference, values, by: request.owner, in: host))
        case .delete(let kind, let reference): return .deleted(try book.delete(kind, reference))
        case .beginCapture, .renewCapture, .endCapture: throw TapError(.wrong, "a capture is in no book")
        }
    }

    /// Copies carry what tenants say to each other: who asked for them stands in the log.
    private static func sentence(_ request: TapDesk.Request, _ done: TapDesk.Done, _ book: TapBook) -> String {
        switch (request.action, done) {
        case (.create(let kind, _), .changed(let id)): "\(book.text(of: kind, id)) was created"
        case (.update(let kind, _, _), .changed(let id)): "\(book.text(of: kind, id)) was changed"
        case (_, .deleted(let titles)): "\(titles.listed(by: "and")) \(titles.count == 1 ? "was" : "were") deleted"
        default: ""
        }
    }

    static var newID: String {
        let words = [RandomBits.next(), RandomBits.next()].map { String($0, radix: 16) }
            .map { String(repeating: "0", count: 16 - $0.count) + $0 }
        let digits = Array(words.joined())
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    private func compiled(
        _ book: inout TapBook, _ captures: inout TapCaptures
    ) -> (TapCompiler, [String: TapRate]) {
        var compiler = TapCompiler(&book, captures: &captures, in: host, counts: counts)
        let active = compiler.outcomes.filter { $0.place != nil }.map(\.request)
        let budgets = budgets(of: active, book)
        compiler.leave(budgets)
        return (compiler, budgets)
    }

    /// Sessions of which nothing is known yet want nothing: they have the room that is kept for such.
    private func budgets(of active: [TapSessionRequest], _ book: TapBook) -> [String: TapRate] {
        var budget = TapBudget()
        for service in book.services {
            let limit = TapRate(
                packetsPerSecond: service.mostPacketsPerSecond, bytesPerSecond: service.mostBitsPerSecond.map { $0 / 8 }
            )
            if limit != TapRate() { budget.limits[service.id] = limit }
        }
        budget.hostBytesPerSecond =
            hostBytes
            ?? device?.capacity.map {
                TapBudget.free(ofBytesPerSecond: $0, production: $0 / 2, share: settings.share)
            }
        let known = Dictionary(demands.map { ($0.session, $0) }) { $1 }
        return budget.rates(for: active.map { known[$0.id] ?? TapDemand.none(of: $0) })
    }

    private mutating func measureHost(sent: UInt64, seconds: Double, now: MonotonicTime) {
        guard let capacity = device?.capacity else {
            hostBytes = nil
            return
        }
        guard let rate = device?.rate(now: now) else { return }
        let copies = UInt64(Double(sent) / seconds)
        hostBytes = TapBudget.free(
            ofBytesPerSecond: capacity, production: rate - min(rate, copies), share: settings.share)
    }

    private func publish() {
        var view = TapView(book, outcomes, in: host, failure: failure, budgets: budgets, counts: counts)
        view.captures = captures.isEmpty ? nil : captures.all.map { self.view(of: $0) }
        desk.view = view
    }
}

extension TapBook {
    fileprivate func text(of kind: TapKind, _ id: String) -> String {
        switch kind {
        case .services: (try? find(\.services, id))?.title ?? kind.noun
        case .flows:
            (try? find(\.flows, id)).map { flow in
                let service = (try? find(\.services, flow.serviceID))?.title ?? "a tap service"
                let across = flow.allowsCrossAccount ? ", across accounts" : ""
                return "\(flow.title) (\(flow.source.text) to \(service), \(flow.direction.rawValue)\(across))"
            } ?? kind.noun
        case .mirrors: (try? find(\.mirrors, id))?.title ?? kind.noun
        case .filters: (try? find(\.filters, id))?.title ?? kind.noun
        }
    }
}

extension TapPlan {
    fileprivate var accounts: Set<Int> { Set(allUses.map(\.account)) }

    fileprivate var withoutBudgets: TapPlan {
        var plan = self
        for index in plan.sessions.indices { plan.sessions[index].budget = TapRate() }
        return plan
    }
}
