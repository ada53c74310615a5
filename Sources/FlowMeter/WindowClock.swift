// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Decides when windows end. A pure state machine: it is told the time and returns what to do.
///
/// Edges are wall-clock multiples of the interval. Between edges it goes by the monotonic clock; when the wall clock is
/// stepped, or the machine was suspended, the window ends at once with the times of its own anchor, and the next one
/// starts with the new wall clock.
package struct WindowClock: Sendable {
    /// What the meter has to do.
    package enum Action: Equatable, Sendable {
        case wait(until: MonotonicTime)
        case rotate(closing: Window, opening: OpenWindow)
        /// The counters of that number are closed, the window goes on: it has no end reason.
        case split(closing: Window, opening: OpenWindow)
    }

    /// What the wall clock may gain or lose on the monotonic one between two looks without being called stepped.
    ///
    /// Both are slewed alike, so that only steps are seen at all; a smaller one than this moves the next window's times
    /// by less than the second that AWS's times show.
    package static let stepTolerance = Duration.milliseconds(500)

    /// How late a window may be closed and still be said to end at its edge: a wake-up and a grace period under load.
    package static let latenessTolerance = Duration.seconds(1)

    package let interval: Duration
    package private(set) var open: OpenWindow
    /// How far the wall clock was ahead of the monotonic one at the last look.
    private var offset: Duration

    /// Starts with a window that is open already. Its end is the next edge after now.
    package init(interval: Duration, number: UInt32, opened: ClockAnchor, now: ClockAnchor) {
        self.init(interval: interval, takingOver: OpenWindow(number: number, anchor: opened, end: opened.realtime), now)
    }

    package init(interval: Duration, takingOver open: OpenWindow, _ now: ClockAnchor) {
        precondition(interval > .zero)
        self.interval = interval
        self.open = open
        self.open.end = Self.edge(after: open.anchor.realtime(of: now.monotonic), interval)
        offset = now.offset
    }

    /// What to do now. After `.rotate` the new window is the open one.
    package mutating func advance(to now: ClockAnchor) -> Action {
        if isStepped(now) { return rotate(now, end: open.anchor.realtime(of: now.monotonic), reason: .forcedEnd) }
        offset = now.offset
        guard now.monotonic >= open.due else { return .wait(until: open.due) }
        return rotate(now, end: end(at: now), reason: .activeTimeout)
    }

    /// Ends the open window now, whatever its edge.
    package mutating func cutShort(at now: ClockAnchor) -> Action {
        rotate(now, end: open.anchor.realtime(of: now.monotonic), reason: .forcedEnd)
    }

    /// Begins a new part of the open window, unless its edge is here: then it is to be closed.
    ///
    /// Whether the wall clock was stepped is left for `advance` to see.
    package mutating func split(at now: ClockAnchor) -> Action {
        guard now.monotonic < open.due else { return .wait(until: open.due) }
        let closing = Window(
            number: open.number, start: open.anchor.realtime, end: open.anchor.realtime(of: now.monotonic),
            endReason: nil, spansRestart: open.spansRestart)
        open.number = Window.number(after: open.number)
        return .split(closing: closing, opening: open)
    }

    private mutating func rotate(_ now: ClockAnchor, end: UnixTime, reason: FlowEndReason) -> Action {
        let closing = Window(
            number: open.number, start: open.anchor.realtime, end: max(end, open.anchor.realtime), endReason: reason,
            spansRestart: open.spansRestart)
        let isContinuous = reason == .activeTimeout
        // A window that follows at its edge begins there, not some milliseconds later when the meter woke up.
        let start = isContinuous ? end : now.realtime
        let anchor = ClockAnchor(
            monotonic: now.monotonic.advanced(by: now.realtime.duration(to: start)), realtime: start)
        open = OpenWindow(
            number: Window.number(after: open.number), anchor: anchor,
            end: Self.edge(after: max(start, now.realtime), interval))
        offset = now.offset
        return .rotate(closing: closing, opening: open)
    }

    /// The open window's edge, or, where the meter was held up long beyond it, the time it got to.
    private func end(at now: ClockAnchor) -> UnixTime {
        let reached = open.anchor.realtime(of: now.monotonic)
        return open.end.duration(to: reached) > Self.latenessTolerance ? reached : open.end
    }

    private func isStepped(_ now: ClockAnchor) -> Bool {
        let change = now.offset - offset
        return change > Self.stepTolerance || change < .zero - Self.stepTolerance
    }

    private static func edge(after moment: UnixTime, _ interval: Duration) -> UnixTime {
        moment.nextMultiple(of: interval)
    }
}

extension ClockAnchor {
    /// How far the wall clock is ahead of the monotonic clock; changes when the wall clock is stepped.
    fileprivate var offset: Duration { .nanoseconds(realtime.nanoseconds - Int64(monotonic.nanoseconds)) }
}
