// SPDX-License-Identifier: Apache-2.0

/// What is known of a switch's megaflows, and how its rules are asked for, as `weir status` shows it. Counts are since the start.
package struct MegaflowReport: Codable, Equatable, Sendable {
    /// Of the last look at all.
    package var megaflows = 0
    /// Lines of that look that could not be read.
    package var unreadable = 0
    /// Whether it found more than are kept.
    package var isCut = false
    package var polls: UInt64 = 0
    package var pollsFailed: UInt64 = 0
    /// How often its rules, ports or itself may have changed.
    package var changes: UInt64 = 0
    /// Since when nothing of that has changed, and until when that is known, Unix seconds; nil before it was asked.
    package var calmSince: Double?
    package var knownUntil: Double?
    /// Why it cannot be looked at; nil while it can, and before the first try.
    package var failure: String?
    /// When the last look began, Unix seconds; how long it took; its length. nil before the first.
    package var lastPoll: Double?
    package var pollSeconds: Double?
    package var pollBytes: Int?
    /// From one look to the next, as long as the switch answers so fast.
    package var intervalSeconds: Double
    package var tracesAsked: UInt64 = 0
    package var tracesAnswered: UInt64 = 0
    package var tracesFailed: UInt64 = 0

    package init(interval: Duration) { intervalSeconds = interval / .seconds(1) }

    enum CodingKeys: String, CodingKey {
        case megaflows, unreadable, polls, failure, changes
        case isCut = "cut"
        case calmSince = "calm_since"
        case knownUntil = "known_until"
        case pollsFailed = "polls_failed"
        case lastPoll = "last_poll"
        case pollSeconds = "poll_seconds"
        case pollBytes = "poll_bytes"
        case intervalSeconds = "interval_seconds"
        case tracesAsked = "traces_asked"
        case tracesAnswered = "traces_answered"
        case tracesFailed = "traces_failed"
    }
}
