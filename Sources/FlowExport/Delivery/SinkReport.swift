// SPDX-License-Identifier: Apache-2.0

/// How a sink stands, as `weir-export` reports it.
package struct SinkReport: Codable, Equatable, Sendable {
    package var name: String
    package var kind: String
    /// Where its records go.
    package var to: String?
    package var counts = SinkCounts()
    /// The number of the last window that is safe at the other end.
    package var acknowledged: UInt64 = 0
    /// Windows of the store that the sink does not have yet.
    package var windowsBehind = 0
    /// How long ago the oldest of them ended; nil where there is none.
    package var secondsBehind: Double?
    /// Windows that the sink has and that are not delivered yet: in files that are not published.
    package var windowsHeld = 0
    /// Unix seconds: when these are delivered at the latest.
    package var nextDelivery: Int64?
    /// What failed last; nil while all is well.
    package var failure: String?
    /// How often the sink began to fail.
    package var failures: UInt64 = 0
    /// Windows of the store that could not be read, and that the sink does not have.
    package var damaged: UInt64 = 0
    /// Whether the other end is gone for good: the reader of standard output.
    package var isEnded = false
    /// For how long the other end has not answered; nil while it does.
    package var stalledSeconds: Double?

    package init(
        name: String, kind: String, to: String?, failure: String? = nil, stalledSeconds: Double? = nil
    ) {
        self.name = name
        self.kind = kind
        self.to = to
        self.failure = failure
        self.stalledSeconds = stalledSeconds
    }

    /// What keeps records from the other end now, in a sentence.
    package var trouble: String? {
        if let stalledSeconds { return "the sink \(name) has not answered for \(Int(stalledSeconds)) s" }
        return failure.map { "the sink \(name): \($0)" }
    }

    enum CodingKeys: String, CodingKey {
        case name, kind, to, counts, acknowledged, failure, failures, damaged
        case isEnded = "ended"
        case stalledSeconds = "stalled_seconds"
        case windowsBehind = "windows_behind"
        case secondsBehind = "seconds_behind"
        case windowsHeld = "windows_held"
        case nextDelivery = "next_delivery"
    }
}
