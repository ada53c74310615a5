// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel

/// Turns counters into closed windows: swap, drain, merge.
///
/// Counters come out in parts, one for each swap. A part stays in the source until `release`; a caller that must lose
/// nothing makes it durable before. Owns its source. Used from one thread; all that swaps or releases blocks as long as
/// the source does. Where one of these throws, the meter does not know what it has merged: it must not be used any
/// further.
package struct FlowMeter<Source: FlowSource & ~Copyable>: ~Copyable {
    package var source: Source
    private var clock: WindowClock
    /// What the parts of the open window before the one that is counted into hold.
    private var gathered: GatheredParts
    package private(set) var timing = MeterTiming()

    /// Takes over a source whose window of that number was opened at `opened`.
    package init(
        source: consuming Source, interval: Duration, openWindow number: UInt32, opened: ClockAnchor, now: ClockAnchor,
        mostFlows: Int = .max
    ) {
        self.source = source
        gathered = GatheredParts(mostFlows: mostFlows)
        clock = WindowClock(interval: interval, number: number, opened: opened, now: now)
    }

    /// Takes over a source with a window that may have had parts already; its edge is the next one after now.
    ///
    /// - Parameter mostFlows: that are merged in memory at a time. A part with more is to be taken in pieces.
    package init(
        source: consuming Source, interval: Duration, takingOver open: OpenWindow, now: ClockAnchor,
        mostFlows: Int = .max
    ) {
        self.source = source
        gathered = GatheredParts(mostFlows: mostFlows)
        clock = WindowClock(interval: interval, takingOver: open, now)
    }

    package var openWindow: OpenWindow { clock.open }

    /// How many flows are merged in memory at a time.
    package var mostFlows: Int { gathered.mostFlows }

    /// Whether `takeDue` would close the open window.
    package func closes(at now: ClockAnchor) -> Bool {
        var clock = clock
        if case .rotate = clock.advance(to: now) { return true }
        return false
    }

    /// Closes the open window if it is due, and returns its last part; or nil, if there is nothing to do before its
    /// edge. The part before must be released.
    package mutating func takeDue(at now: ClockAnchor) throws(Source.Failure) -> WindowPart? {
        let closing = clock.open
        return try take(clock.advance(to: now), of: closing)
    }

    /// Closes the open window now, whatever its edge, and returns its last part.
    package mutating func takeLast(at now: ClockAnchor) throws(Source.Failure) -> WindowPart? {
        let closing = clock.open
        return try take(clock.cutShort(at: now), of: closing)
    }

    /// Takes what the open window has counted so far out of the tables, so that there is room for more flows.
    ///
    /// The window goes on with a new number and the same edges; at its edge it is one closed window. Does nothing where
    /// the edge is here already. The part before must be released.
    package mutating func takeEarly(at now: ClockAnchor) throws(Source.Failure) -> WindowPart? {
        let closing = clock.open
        guard let part = try take(clock.split(at: now), of: closing) else { return nil }
        timing.earlySwaps += 1
        return part
    }

    /// Forgets the counters of a part that is safe, and adds it to those before.
    ///
    /// Hand over the only copy: what is still referenced cannot be used again.
    ///
    /// - Returns: the window, where the part was its last.
    package mutating func release(_ part: consuming WindowPart) throws(Source.Failure) -> ClosedWindow? {
        FaultPoint.reach(.beforeRelease)
        try source.release(part.window.number)
        return adopt(part)
    }

    /// Adds a part whose counters the source has forgotten already.
    package mutating func adopt(_ part: consuming WindowPart) -> ClosedWindow? {
        let (window, anchor) = (part.window, part.anchor)
        let isLast = part.isLast
        gathered.add(part.flows, part.totals, part.samples, journaled: part.journaled)
        return isLast ? gathered.close(window, anchor: anchor) : nil
    }

    /// Takes the storage of a window that is published, whose flows are gone then.
    ///
    /// In place, so that the meter alone holds the storage: Swift copies storage that has a second owner.
    package mutating func recycle(_ closed: inout ClosedWindow) {
        var flows = FlowTable()
        swap(&flows, &closed.flows)
        gathered.reuse(consume flows)
    }

    private mutating func take(
        _ action: WindowClock.Action, of closing: OpenWindow
    ) throws(Source.Failure) -> WindowPart? {
        switch action {
        case .wait: nil
        case .rotate(let window, let opening), .split(let window, let opening):
            try take(window, of: closing, opening: opening)
        }
    }

    /// Opens the next window and collects what was counted in the one before.
    private mutating func take(
        _ window: Window, of closing: OpenWindow, opening: OpenWindow
    ) throws(Source.Failure) -> WindowPart {
        let clock = ContinuousClock()
        let start = clock.now
        try source.open(opening)
        FaultPoint.reach(.afterSwap)
        let swapped = clock.now
        let part = try drain(window, of: closing)
        timing.add(
            swap: start.duration(to: swapped), collecting: swapped.duration(to: clock.now), flows: part.flows.count)
        return part
    }

    private mutating func drain(_ window: Window, of closing: OpenWindow) throws(Source.Failure) -> WindowPart {
        var flows = gathered.takeStorage()
        let pieces = try drain(window.number, into: &flows)
        FaultPoint.reach(.midDrain)
        let totals = try source.totals(of: window.number)
        let samples = try source.samples(of: window.number, at: totals.unparsedSides)
        return WindowPart(
            window: window, firstNumber: closing.firstNumber, anchor: closing.anchor, flows: flows, totals: totals,
            samples: samples, pieces: pieces)
    }

    /// Takes all flows where they are not too many; else none, and returns in how many pieces they are to be taken.
    private func drain(_ window: UInt32, into flows: inout FlowTable) throws(Source.Failure) -> Int {
        var pieces = 1
        while true {
            flows.take(FlowPiece(0, of: pieces), atMost: gathered.mostFlows)
            try source.drain(window, into: &flows)
            guard flows.isOverfull else { break }
            pieces *= 2
        }
        if pieces == 1 { flows.liftLimit() } else { flows.take(.whole) }
        return pieces
    }

    /// Takes one piece of what is closed and not released, instead of what the table holds.
    package func drain(
        _ piece: FlowPiece, of window: UInt32, into flows: inout FlowTable
    ) throws(Source.Failure) {
        flows.take(piece)
        try source.drain(window, into: &flows)
    }
}

extension FlowMeter where Source: ~Copyable {
    /// What a meter before this one closed but did not release.
    ///
    /// - Parameter closed: the window before the open one, as the source has it.
    package mutating func leftover(of closed: OpenWindow) throws(Source.Failure) -> WindowPart {
        let open = clock.open
        if closed.firstNumber == open.firstNumber { return try drain(closed.split(at: open), of: closed) }
        return try drain(closed.ended(by: open), of: closed)
    }
}

extension OpenWindow {
    /// As a part of the window that goes on.
    fileprivate func split(at open: OpenWindow) -> Window {
        Window(
            number: number, start: anchor.realtime, end: open.anchor.realtime, endReason: nil,
            spansRestart: spansRestart)
    }

    /// As it was closed when the next one was opened: at its edge, or wherever it got to.
    fileprivate func ended(by next: OpenWindow) -> Window {
        let reached = anchor.realtime(of: next.anchor.monotonic)
        let early = reached.duration(to: end)
        let isAtEdge = early < WindowClock.latenessTolerance && early > .zero - WindowClock.latenessTolerance
        return Window(
            number: number, start: anchor.realtime, end: max(isAtEdge ? end : reached, anchor.realtime),
            endReason: isAtEdge ? .activeTimeout : .forcedEnd, spansRestart: spansRestart)
    }
}
