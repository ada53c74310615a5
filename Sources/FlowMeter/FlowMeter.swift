// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Turns counters into closed windows: swap, drain, merge.
///
/// Owns its source. Used from one thread; `advance` and `finish` block as long as the source does.
package struct FlowMeter<Source: FlowSource & ~Copyable>: ~Copyable {
    package var source: Source
    private var clock: WindowClock

    /// Takes over a source whose window of that number was opened at `opened`.
    package init(
        source: consuming Source, interval: Duration, openWindow number: UInt32, opened: ClockAnchor, now: ClockAnchor
    ) {
        self.source = source
        clock = WindowClock(interval: interval, number: number, opened: opened, now: now)
    }

    package var openWindow: OpenWindow { clock.open }

    /// Closes the open window if it is due, and returns it; or nil, if there is nothing to do before its edge.
    ///
    /// The window's counters stay in the source until `release`.
    package mutating func advance(to now: ClockAnchor) throws(Source.Failure) -> ClosedWindow? {
        let closing = clock.open
        switch clock.advance(to: now) {
        case .wait: return nil
        case .rotate(let window, let opening): return try close(window, anchor: closing.anchor, opening: opening)
        }
    }

    /// Closes the open window now, whatever its edge.
    package mutating func cutShort(at now: ClockAnchor) throws(Source.Failure) -> ClosedWindow? {
        let closing = clock.open
        switch clock.cutShort(at: now) {
        case .wait: return nil
        case .rotate(let window, let opening): return try close(window, anchor: closing.anchor, opening: opening)
        }
    }

    /// What a meter before this one closed but did not release, or nil if there is nothing.
    package func leftover() throws(Source.Failure) -> ClosedWindow? {
        let open = clock.open
        let end = open.anchor.realtime
        let window = Window(number: open.number &- 1, start: end, end: end, endReason: .forcedEnd)
        var closed = try collect(window, anchor: open.anchor)
        if closed.isEmpty { return nil }
        // When it was opened is not known any more; its first packet is.
        let first = closed.flows.values.map(\.first).min().map(open.anchor.realtime(of:)) ?? end
        closed.window = Window(number: window.number, start: min(first, end), end: end, endReason: .forcedEnd)
        return closed
    }

    /// Forgets the counters of a window whose records are safe.
    package mutating func release(_ closed: ClosedWindow) throws(Source.Failure) {
        try source.release(closed.window.number)
    }

    private mutating func close(
        _ window: Window, anchor: ClockAnchor, opening: OpenWindow
    ) throws(Source.Failure) -> ClosedWindow {
        try source.open(opening)
        return try collect(window, anchor: anchor)
    }

    private func collect(_ window: Window, anchor: ClockAnchor) throws(Source.Failure) -> ClosedWindow {
        var flows: [FlowKey: FlowCounters] = [:]
        try source.drain(window.number) { key, counters in
            merge(counters, into: &flows[key])
        }
        return ClosedWindow(
            window: window, anchor: anchor, flows: flows, totals: try source.totals(of: window.number))
    }
}

private func merge(_ counters: FlowCounters, into flow: inout FlowCounters?) {
    if flow == nil {
        flow = counters
    } else {
        flow?.merge(counters)
    }
}
