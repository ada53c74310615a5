// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import WeirConfiguration

/// A moment as an operator writes it: `1h` (that long ago), `now`, `12:00`, `2026-11-25`, `2026-11-25T12:00:30Z`.
enum LogTime {
    /// Unix seconds.
    ///
    /// - Parameter name: of the option, for sentences.
    static func seconds(_ text: String, now: UnixTime, _ name: String, zone: TimeZone = .current) throws(UsageError)
        -> Int64
    {
        if text == "now" { return now.seconds }
        // A number alone is no time: seconds ago, or since 1970?
        if text.last?.isNumber == false, let duration = Duration(configurationText: text) {
            return now.seconds - duration.components.seconds
        }
        if let moment = moment(text, now: now, zone) { return moment }
        throw UsageError(
            description: "\(name) must be a time, such as 1h, 12:00, 2026-11-25T12:00 or now, not \"\(text)\"")
    }

    private static func moment(_ text: String, now: UnixTime, _ zone: TimeZone) -> Int64? {
        let pattern =
            #/^(?:(\d{4})-(\d\d)-(\d\d))?(?:[T ]?(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?)?$/#
        guard let match = text.wholeMatch(of: pattern), match.1 != nil || match.4 != nil else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        if let offset = match.7 {
            guard let zone = Self.zone(offset) else { return nil }
            calendar.timeZone = zone
        } else {
            calendar.timeZone = zone
        }
        let today = Date(timeIntervalSince1970: TimeInterval(now.seconds))
        var parts = calendar.dateComponents([.year, .month, .day], from: today)
        if let year = match.1, let month = match.2, let day = match.3 {
            (parts.year, parts.month, parts.day) = (Int(year), Int(month), Int(day))
        }
        (parts.hour, parts.minute, parts.second) = (
            match.4.flatMap { Int($0) } ?? 0, match.5.flatMap { Int($0) } ?? 0, match.6.flatMap { Int($0) } ?? 0
        )
        guard let date = calendar.date(from: parts),
            calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date) == parts
        else { return nil }
        return Int64(date.timeIntervalSince1970)
    }

    private static func zone(_ text: Substring) -> TimeZone? {
        guard text != "Z" else { return .gmt }
        let numbers = text.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard numbers.count == 2, numbers[0] < 24, numbers[1] < 60 else { return nil }
        let seconds = numbers[0] * 3600 + numbers[1] * 60
        return TimeZone(secondsFromGMT: text.first == "-" ? -seconds : seconds)
    }
}
