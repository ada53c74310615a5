// SPDX-License-Identifier: Apache-2.0

/// A number of bytes as people write it: `4096`, `512KB`, `75MB`, `1GB`, by thousands as AWS counts.
func byteCount(_ text: String) -> Int? {
    let units = [("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)]
    let unit = units.first { text.hasSuffix($0.0) }
    let digits = unit == nil ? text[...] : text.dropLast(2)
    guard digits.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(digits) else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
    return overflow ? nil : bytes
}
