// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowViews
import Foundation

/// Times for people: local with their offset, or UTC.
struct TimeText: Sendable {
    private let zone: TimeZone

    init(utc: Bool) { zone = utc ? .gmt : .current }

    var clock: ClockText {
        ClockText { [zone] second in zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second))) }
    }

    /// `2026-11-27 12:05:23+01:00`.
    var start: @Sendable (UnixTime) -> String {
        let clock = clock
        return { clock.full($0.seconds) }
    }
}
