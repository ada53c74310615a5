// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them: at most four digits and a unit. Allocates: not for the record path.
package enum HumanUnits {
    /// Octets in powers of 1000: `999 B`, `1.2 kB`, `15.3 MB`.
    package static func octets(_ value: UInt64) -> String {
        scaled(value, units: ["B", "kB", "MB", "GB", "TB", "PB", "EB"])
    }

    /// A count in powers of 1000: `999`, `15.3 k`, `2.0 M`.
    package static func count(_ value: UInt64) -> String {
        scaled(value, units: ["", "k", "M", "G", "T", "P", "E"])
    }

    /// `0 ms`, `350 ms`, `12.4 s`, `1m 05s`, `2h 03m`; a negative duration, which a stepped clock makes, is `0 ms`.
    package static func duration(_ value: Duration) -> String {
        let milliseconds = max(0, value / .milliseconds(1))
        let seconds = Int(milliseconds / 1000)
        return switch milliseconds {
        case ..<1000: "\(Int(milliseconds)) ms"
        case ..<60_000: "\(seconds).\(Int(milliseconds) / 100 % 10) s"
        case ..<3_600_000: "\(seconds / 60)m \(twoDigits(seconds % 60))s"
        default: "\(seconds / 3600)h \(twoDigits(seconds / 60 % 60))m"
        }
    }

    /// Rounds half up, and goes on to the next unit where rounding reaches it: 999,950 is `1.0 M`.
    private static func scaled(_ value: UInt64, units: [String]) -> String {
        var unit = 0
        var divisor: UInt64 = 1
        while unit + 1 < units.count, value >= divisor * 1000 - (unit == 0 ? 0 : divisor / 20) {
            unit += 1
            divisor *= 1000
        }
        guard unit > 0 else { return units[0].isEmpty ? "\(value)" : "\(value) \(units[0])" }
        let (whole, rest) = value.quotientAndRemainder(dividingBy: divisor)
        let tenths = (rest + divisor / 20) / (divisor / 10)
        return "\(whole + tenths / 10).\(tenths % 10) \(units[unit])"
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
