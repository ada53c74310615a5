// SPDX-License-Identifier: Apache-2.0

/// Text in the cells of a terminal.
extension String {
    /// How many columns it takes: two for East Asian wide characters and pictures (Unicode Standard Annex 11), else one.
    package var columns: Int { reduce(0) { $0 + $1.columns } }

    /// The text in so many columns: its end is cut off, with `…` in its place (`~` in plain text).
    package func clipped(to width: Int, _ ink: Ink) -> String {
        guard columns > width else { return self }
        guard width > 0 else { return "" }
        var (result, used) = ("", 0)
        for character in self {
            guard used + character.columns < width else { break }
            result.append(character)
            used += character.columns
        }
        return result + ink.ellipsis
    }

    /// With blanks up to so many columns.
    package func padded(to width: Int, toRight: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - columns))
        return toRight ? padding + self : self + padding
    }

    package var trimmingTrailingBlanks: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension Character {
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        return Self.wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
