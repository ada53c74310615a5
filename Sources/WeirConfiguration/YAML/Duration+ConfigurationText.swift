// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole seconds as people write them: `90`, `90s`, `5m`, `1h`, `7d`. nil if it is nothing of the kind.
    package init?(configurationText text: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        guard let number = Self.digits(unit == nil ? text[...] : text.dropLast()) else { return nil }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflow else { return nil }
        self = .seconds(seconds)
    }

    private static func digits(_ text: Substring) -> Int64? {
        text.allSatisfy { ("0"..."9").contains($0) } ? Int64(text) : nil
    }

    /// The shortest of the forms that `init(configurationText:)` reads.
    package var configurationText: String {
        let seconds = components.seconds
        if seconds > 86_400, seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
        if seconds > 0, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        if seconds > 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
}
