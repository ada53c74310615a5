// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// What is known of a switch's megaflows, and how its rules are asked for, as `weir status` shows it. Counts are since the start.
package struct MegaflowReport: ReportSection {
    package var megaflows = 0
    package var unreadable = 0
    package var isCut = false
    package var polls: UInt64 = 0
    package var pollsFailed: UInt64 = 0
    package var changes: UInt64 = 0
    package var calmSince: Double?
    package var knownUntil: Double?
    package var failure: String?
    package var lastPoll: Double?
    package var pollSeconds: Double?
    package var pollBytes: Int?
    package var intervalSeconds: Double
    package var tracesAsked: UInt64 = 0
    package var tracesAnswered: UInt64 = 0
    package var tracesFailed: UInt64 = 0

    package init() { self.init(interval: .zero) }

    package init(interval: Duration) { intervalSeconds = interval / .seconds(1) }

    package static let facts = [
        Fact<Self>("megaflows", \.megaflows, "Megaflows that the last look at all found."),
        Fact("unreadable", \.unreadable, "Lines of that look that could not be read."),
        Fact("cut", \.isCut, "Whether it found more than are kept."),
        Fact("polls", \.polls, "Looks at all of them."),
        Fact("polls_failed", \.pollsFailed, "Looks that failed."),
        Fact("changes", \.changes, "How often the switch's rules, its ports or itself may have changed."),
        Fact(
            "calm_since", \.calmSince,
            "Since when nothing of that has changed, in Unix seconds; left out before it was asked."),
        Fact("known_until", \.knownUntil, "Until when that is known, in Unix seconds."),
        Fact("failure", \.failure, "Why they cannot be looked at; left out while they can be."),
        Fact("last_poll", \.lastPoll, "When the last look began, in Unix seconds; left out before the first."),
        Fact("poll_seconds", \.pollSeconds, "How long it took."),
        Fact("poll_bytes", \.pollBytes, "How long the switch's answer was."),
        Fact(
            "interval_seconds", \.intervalSeconds,
            "Time from one look to the next, as long as the switch answers so fast."),
        Fact("traces_asked", \.tracesAsked, "Questions to the switch, which rules a packet meets."),
        Fact("traces_answered", \.tracesAnswered, "Questions that it answered."),
        Fact("traces_failed", \.tracesFailed, "Questions that it did not."),
    ]

    package var concerns: [Concern] {
        failure.map { [.warning("Open vSwitch's megaflows are not known: \($0)")] } ?? []
    }

    /// What is known of what the switch does with packets.
    package var lines: [ReportLine] {
        var text = "\(megaflows) known"
        if let seconds = pollSeconds, let bytes = pollBytes {
            let look = "last in \(Int((seconds * 1000).rounded())) ms (\(HumanUnits.octets(UInt64(bytes))))"
            text += ", looked at every \(Int(intervalSeconds.rounded())) s, \(look)"
        }
        text += "; \(tracesAnswered) of \(tracesAsked) traces answered"
        if isCut { text += "; more than are kept" }
        if unreadable > 0 { text += "; \(counted(unreadable, "line")) could not be read" }
        if let failure { text += "; cannot be asked: \(failure) (\(counted(pollsFailed, "time")))" }
        return [ReportLine("megaflows", text)]
    }
}
