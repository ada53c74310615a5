// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Turns counters into closed windows: swap, drain, merge.
///
/// Owns its source. Used from one thread; `advance`, `swapEarly` and `cutShort` block as long as the source does. Where
/// one of them throws, the meter does not know what it has merged: it must not be used any further.
package struct FlowMeter<Source: FlowSource & ~Copyable>: ~Copyable {
    package var source: Source
    private var clock: WindowClock
    /// What the parts of the open window before the one that is counted into hold.
    private var gathered = GatheredParts()
    package private(set) var timing = MeterTiming()

    /// Takes over a source whose window of that number was opened at `opened`.
    package init(
        source: consuming Source, interval: Duration, openWindow number: UInt32, opened: ClockAnchor, now: ClockAnchor
    ) {
        self.source = source
        clock = WindowClock(interval: interval, number: number, opened: opened, now: now)
    }

    package var openWindow: OpenWindow { clock.open }

    /// Whether `advance` would close the open window.
    package func closes(at now: ClockAnchor) -> Bool {
        var clock = clock
        if case .rotate = clock.advance(to: now) { return true }
        return false
    }

    /// Closes the open window if it is due, and returns it; or nil, if there is nothing to do before its edge.
    ///
    /// The counters of its last part stay in the source until `release`.
    package mutating func advance(to now: ClockAnchor) throws(Source.Failure) -> ClosedWindow? {
        let closing = clock.open
        guard case .rotate(let window, let opening) = clock.advance(to: now) else { return nil }
        return try close(window, anchor: closing.anchor, opening: opening)
    }

    /// Closes the open window now, whatever its edge.
    package mutating func cutShort(at now: ClockAnchor) throws(Source.Failure) -> ClosedWindow? {
        let closing = clock.open
        guard case .rotate(let window, let opening) = clock.cutShort(at: now) else { return nil }
        return try close(window, anchor: closing.anchor, opening: opening)
    }

    /// Takes what the open window has counted so far out of the source, so that there is room for more flows.
    ///
    /// The window goes on with a new number and the same edges; at its edge it is one closed window. Does nothing where
    /// the edge is here already. The window before must be released. What was taken is in this process alone.
    package mutating func swapEarly(at now: ClockAnchor) throws(Source.Failure) {
        guard case .split(let closing, let opening) = clock.split(at: now) else { return }
        try take(closing, opening: opening)
        try source.release(closing)
        timing.earlySwaps += 1
    }

    /// Forgets the counters of a window whose records are safe, and keeps its storage for those to come.
    ///
    /// Hand over the only copy: what somebody else still holds cannot be used again.
    package mutating func release(_ closed: consuming ClosedWindow) throws(Source.Failure) {
        let number = closed.window.number
        recycle(closed)
        try source.release(number)
    }

    /// Keeps the storage of a window whose counters the source has forgotten already.
    package mutating func recycle(_ closed: consuming ClosedWindow) { gathered.reuse(closed.flows) }

    private mutating func close(
        _ window: Window, anchor: ClockAnchor, opening: OpenWindow
    ) throws(Source.Failure) -> ClosedWindow {
        try take(window.number, opening: opening)
        return gathered.close(window, anchor: anchor)
    }

    /// Opens the next window and collects what was counted in the one before.
    private mutating func take(_ closing: UInt32, opening: OpenWindow) throws(Source.Failure) {
        let clock = ContinuousClock()
        let start = clock.now
        try source.open(opening)
        let swapped = clock.now
        let before = gathered.flows.count
        try gather(closing)
        timing.add(
            swap: start.duration(to: swapped), collecting: swapped.duration(to: clock.now),
            flows: gathered.flows.count - before)
    }

    private mutating func gather(_ number: UInt32) throws(Source.Failure) {
        try source.drain(number, into: &gathered.flows)
        gathered.add(try source.totals(of: number))
    }
}

extension FlowMeter where Source: ~Copyable {
    /// What a meter before this one closed but did not release, or nil if there is nothing.
    package mutating func leftover() throws(Source.Failure) -> ClosedWindow? {
        guard let number = Window.number(before: clock.open.number) else { return nil }
        try gather(number)
        let anchor = clock.open.anchor
        let times = times(ofLeftover: gathered.flows, anchor: anchor)
        let window = Window(number: number, start: times.start, end: times.end, endReason: .forcedEnd)
        let closed = gathered.close(window, anchor: anchor)
        if !closed.isEmpty { return closed }
        gathered.reuse(closed.flows)
        return nil
    }

    /// When it was opened is not known any more; its first packet is. It ends where the open window begins, unless it is
    /// a part of that window.
    private func times(ofLeftover flows: FlowTable, anchor: ClockAnchor) -> (start: UnixTime, end: UnixTime) {
        let opened = anchor.realtime
        let first = flows.values.map(\.first).min().map(anchor.realtime(of:)) ?? opened
        let last = flows.values.map(\.last).max().map(anchor.realtime(of:)) ?? opened
        let isPart = opened.duration(to: last) > WindowClock.latenessTolerance
        let end = isPart ? last.advanced(by: .nanoseconds(1)) : opened
        return (min(first, end), end)
    }
}
