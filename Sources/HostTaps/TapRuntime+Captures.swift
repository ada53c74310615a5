// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host
import Logging
import TapService

/// Captures: each begins with a ring of its own, goes on while it is renewed, and is in no state file.
extension TapRuntime {
    /// - Returns: nil where the request is about none.
    mutating func carryOutCapture(
        _ request: TapDesk.Request, _ engine: borrowing some TapEngine & ~Copyable
    ) throws(TapError) -> TapDesk.Done? {
        let now = ClockAnchor.now.monotonic
        switch request.action {
        case .create, .update, .delete: return nil
        case .beginCapture(let values): return .capture(try begin(values, by: request.owner, engine, now: now))
        case .renewCapture(let id):
            try captures.renew(id, now: now)
            return captures.all.first { $0.id == id }.map { .capture(view(of: $0)) }
        case .endCapture(let id):
            let view = try end(id, engine)
            logger.notice("capture \(id) was ended, asked for by \(request.owner.text)")
            return .capture(view)
        }
    }

    private mutating func begin(
        _ values: [String: TapJSON], by owner: TapOwner, _ engine: borrowing some TapEngine & ~Copyable,
        now: MonotonicTime
    ) throws(TapError) -> TapCaptureView {
        var new = captures
        var capture = try new.begin(values, id: Self.newID, by: owner, book: book, now: now)
        do throws(KernelError) {
            capture.ring = try engine.makeRing(at: capture.place)
        } catch {
            throw TapError(.failed, "\(error)")
        }
        new.give(capture.ring, to: capture.id)
        do throws(TapError) { try put(book, new, engine) } catch {
            try? engine.removeRing(at: capture.place)
            throw error
        }
        let view = view(of: capture)
        logger.notice(
            "\(capture.title) begins at \(counted(view.ports.count, "port")), asked for by \(owner.text)")
        return view
    }

    /// - Returns: how it stood when no program had a frame for it any more.
    private mutating func end(
        _ id: String, _ engine: borrowing some TapEngine & ~Copyable
    ) throws(TapError) -> TapCaptureView {
        var new = captures
        let (capture, outcome) = (try new.end(id), captureOutcomes[id] ?? TapCompiler.CaptureOutcome())
        let past = captures.accounts.past(of: id)
        try put(book, new, engine)
        let last = (try? engine.counts(of: Set(outcome.ports.map(\.account)))) ?? [:]
        try? engine.removeRing(at: capture.place)
        return TapCaptureView(capture, outcome.ports, reason: outcome.reason, past: past, counts: last)
    }

    /// Ends those whose commands are gone.
    mutating func endOverdueCaptures(_ engine: borrowing some TapEngine & ~Copyable, now: MonotonicTime) {
        let overdue = captures.takeOverdue(now: now)
        guard !overdue.isEmpty else { return }
        compileAgain(engine)
        for capture in overdue {
            try? engine.removeRing(at: capture.place)
            logger.notice(
                "\(capture.title) was not renewed, and is ended; asked for by \(capture.owner.text)")
        }
    }

    /// Those of captures of a daemon before: they are not renewed here.
    func removeRings(_ engine: borrowing some TapEngine & ~Copyable) {
        for place in TapCapture.places where !captures.all.contains(where: { $0.place == place }) {
            try? engine.removeRing(at: place)
        }
    }

    func view(of capture: TapCapture) -> TapCaptureView {
        let outcome = captureOutcomes[capture.id] ?? TapCompiler.CaptureOutcome()
        return TapCaptureView(
            capture, outcome.ports, reason: outcome.reason, past: captures.accounts.past(of: capture.id),
            counts: counts)
    }
}
