// SPDX-License-Identifier: Apache-2.0

/// A number of bytes as people write it: `4096`, `512KB`, `75MB`, `1GB`, by thousands as AWS counts.
package enum ByteCountText {
    private static let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)]

    /// nil if the text is nothing of the kind.
    package static func bytes(_ text: String) -> Int? {
        let unit = units.first { text.hasSuffix($0.0) }
        let digits = unit == nil ? text[...] : text.dropLast(2)
        guard digits.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(digits) else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
        return overflow ? nil : bytes
    }

    /// The shortest of the texts that `bytes(_:)` reads.
    static func text(_ bytes: Int) -> String {
        guard bytes > 0, let unit = units.first(where: { bytes % $0.1 == 0 }) else { return "\(bytes)" }
        return "\(bytes / unit.1)\(unit.0)"
    }
}
