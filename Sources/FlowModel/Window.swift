// SPDX-License-Identifier: Apache-2.0

/// An aggregation interval. It ends on a wall-clock multiple of its length unless something cut it short.
package struct Window: Equatable, Sendable {
    /// Counts windows since the tables were made; wraps.
    package let number: UInt32
    package let start: UnixTime
    package let end: UnixTime
    /// nil while it is open.
    package let endReason: FlowEndReason?

    package init(number: UInt32, start: UnixTime, end: UnixTime, endReason: FlowEndReason? = .activeTimeout) {
        self.number = number
        self.start = start
        self.end = end
        self.endReason = endReason
    }
}

/// Why the records of a window end where they do: IPFIX flowEndReason (RFC 5102 §5.11.3).
package enum FlowEndReason: UInt8, Sendable {
    /// The window reached its edge.
    case activeTimeout = 2
    /// The measuring was ended from outside: a stop, a stepped clock, a port that went away.
    case forcedEnd = 4

    /// The word in JSON.
    package var name: String {
        switch self {
        case .activeTimeout: "active timeout"
        case .forcedEnd: "forced end"
        }
    }
}
