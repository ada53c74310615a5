// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Where counters come from: two generations of tables, one open, one closed and at rest.
///
/// A window's number selects its generation by the lowest bit. The order of calls is: `open` the next window,
/// `drain` and `totals` of the one before, then, when its records are safe, `release` it; never `open` before that.
/// A part of a window that was swapped early is a window here: a number of its own, the times of the whole.
/// All calls may block: a grace period is 8–40 ms, at times 360 ms. Not to be used from two threads at a time.
package protocol FlowSource: ~Copyable {
    associatedtype Failure: Error

    /// Makes this the window that programs count into. Returns when no program writes the one before any more.
    mutating func open(_ window: OpenWindow) throws(Failure)

    /// Merges every slot of a window that is not open into the table, which may hold other parts already.
    func drain(_ window: UInt32, into flows: inout FlowTable) throws(Failure)

    /// What every port that the source knows saw in the window, also those that saw nothing.
    func totals(of window: UInt32) throws(Failure) -> [PortSide: PortTotals]

    /// The beginnings of frames in the window that are in no flow, one for each reason at most.
    ///
    /// - Parameter sides: that saw such frames.
    func samples(of window: UInt32, at sides: [PortSide]) throws(Failure) -> FrameSamples

    /// Empties the generation of a window that was drained.
    mutating func release(_ window: UInt32) throws(Failure)
}

/// Frames that are in no flow, by where they were seen and why.
package typealias FrameSamples = [PortSide: [UnparsedReason: FrameSample]]

extension FlowSource where Self: ~Copyable {
    /// A source that keeps none.
    package func samples(of window: UInt32, at sides: [PortSide]) throws(Failure) -> FrameSamples { [:] }
}

/// A window that is being counted into.
package struct OpenWindow: Equatable, Sendable {
    package var number: UInt32
    /// Both clocks when it was opened.
    package var anchor: ClockAnchor
    /// The wall-clock edge at which it is due to be closed.
    package var end: UnixTime
    /// Number of its first part; its own until it is swapped early.
    package var firstNumber: UInt32
    /// See `Window.spansRestart`.
    package var spansRestart: Bool

    package init(
        number: UInt32, anchor: ClockAnchor, end: UnixTime, firstNumber: UInt32? = nil, spansRestart: Bool = false
    ) {
        self.number = number
        self.anchor = anchor
        self.end = end
        self.firstNumber = firstNumber ?? number
        self.spansRestart = spansRestart
    }

    /// When it is due, on the monotonic clock.
    package var due: MonotonicTime { anchor.monotonic.advanced(by: anchor.realtime.duration(to: end)) }
}
