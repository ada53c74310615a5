// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Whole windows, for callers that need no journal: what was taken early is in this process alone.
extension FlowMeter where Source: ~Copyable {
    /// Closes the open window if it is due, and returns it. The counters of its last part stay in the source until
    /// `release`.
    package mutating func advance(to now: ClockAnchor) throws(Source.Failure) -> ClosedWindow? {
        guard let part = try takeDue(at: now) else { return nil }
        return adopt(part)
    }

    /// Closes the open window now, whatever its edge.
    package mutating func cutShort(at now: ClockAnchor) throws(Source.Failure) -> ClosedWindow? {
        guard let part = try takeLast(at: now) else { return nil }
        return adopt(part)
    }

    /// Takes what the open window has counted so far, and lets the source forget it.
    package mutating func swapEarly(at now: ClockAnchor) throws(Source.Failure) {
        if let part = try takeEarly(at: now) { _ = try release(part) }
    }

    /// Forgets the counters of a window whose records are safe, and keeps its storage for those to come.
    package mutating func release(_ closed: consuming ClosedWindow) throws(Source.Failure) {
        var closed = closed
        let number = closed.window.number
        recycle(&closed)
        try source.release(number)
    }
}
