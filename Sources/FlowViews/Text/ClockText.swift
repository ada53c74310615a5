// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Moments as people read them, in a time zone.
package struct ClockText: Sendable {
    /// Seconds east of Greenwich at a moment, in Unix seconds.
    private let offset: @Sendable (Int64) -> Int

    package init(offset: @escaping @Sendable (Int64) -> Int) { self.offset = offset }

    package static let utc = ClockText { _ in 0 }

    /// `2026-11-27 12:05:23+01:00`.
    package func full(_ second: Int64) -> String { "\(date(second)) \(time(second))\(zone(second))" }

    /// `2026-11-27`.
    package func date(_ second: Int64) -> String {
        let time = civil(second)
        return "\(time.year)-\(Self.two(time.month))-\(Self.two(time.day))"
    }

    /// `12:05:23`.
    package func time(_ second: Int64) -> String {
        let local = second + Int64(offset(second))
        return "\(minute(second)):\(Self.two(local - local.floorDivided(by: 60) * 60))"
    }

    /// `12:05`.
    package func minute(_ second: Int64) -> String {
        let time = civil(second)
        return "\(Self.two(time.hour)):\(Self.two(time.minute))"
    }

    /// `11-27`.
    func monthAndDay(_ second: Int64) -> String { String(date(second).suffix(5)) }

    /// `+01:00`; `Z` for UTC.
    package func zone(_ second: Int64) -> String {
        guard offset(second) != 0 else { return "Z" }
        let minutes = offset(second).magnitude / 60
        return (offset(second) < 0 ? "-" : "+") + Self.two(Int64(minutes / 60)) + ":" + Self.two(Int64(minutes % 60))
    }

    /// As short as it can stand under an axis: the date at midnight, or where pieces of time are days.
    func label(_ second: Int64, every step: Int64) -> String {
        if step >= 86_400 { return monthAndDay(second) }
        guard second.isMultiple(of: 60) else { return time(second) }
        return minute(second) == "00:00" ? monthAndDay(second) : minute(second)
    }

    private func civil(_ second: Int64) -> CivilTime { CivilTime(UnixTime(seconds: second + Int64(offset(second)))) }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
