// SPDX-License-Identifier: Apache-2.0

/// An aggregation interval. It ends on a wall-clock multiple of its length unless something cut it short.
package struct Window: Equatable, Sendable {
    /// Of its last part; see `number(after:)`.
    package let number: UInt32
    package let start: UnixTime
    package let end: UnixTime
    /// nil while it is open.
    package let endReason: FlowEndReason?
    /// Whether it was open when a daemon took over: there was no early swap before that.
    package let spansRestart: Bool

    package init(
        number: UInt32, start: UnixTime, end: UnixTime, endReason: FlowEndReason? = .activeTimeout,
        spansRestart: Bool = false
    ) {
        self.number = number
        self.start = start
        self.end = end
        self.endReason = endReason
        self.spansRestart = spansRestart
    }
}

extension Window {
    /// The first whole second at which the window is over: no packet of it is later. A window that was cut short ends within
    /// a second.
    package var endSecond: Int64 { end.advanced(by: .nanoseconds(999_999_999)).seconds }

    /// The number that the tables' first window has.
    package static let firstNumber: UInt32 = 1

    /// The number that follows: windows, and the parts of a window that was swapped early, are counted since the tables
    /// were made.
    ///
    /// Even and odd numbers alternate, since the lowest bit selects the generation, and 0 is left out, since it is
    /// "never" in the kernel's tables. So 2 follows the highest.
    package static func number(after number: UInt32) -> UInt32 { number == .max ? 2 : number + 1 }

    /// The number before; nil for the tables' first window.
    ///
    /// Before 2 came 1 or, 2^32 windows later, the highest: both are of the same generation.
    package static func number(before number: UInt32) -> UInt32? { number <= firstNumber ? nil : number - 1 }
}

/// Why the records of a window end where they do: IPFIX flowEndReason (RFC 5102 §5.11.3).
package enum FlowEndReason: UInt8, Sendable {
    /// The window reached its edge.
    case activeTimeout = 2
    /// The measuring was ended from outside: a stop, a stepped clock, a port that went away.
    case forcedEnd = 4

    /// The word in JSON.
    package var name: StaticString {
        switch self {
        case .activeTimeout: "active timeout"
        case .forcedEnd: "forced end"
        }
    }
}
