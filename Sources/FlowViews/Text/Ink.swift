// SPDX-License-Identifier: Apache-2.0

/// What a terminal can show: colours, and characters beyond ASCII.
package struct Ink: Equatable, Sendable {
    package var hasColour: Bool
    /// Whether its characters are UTF-8.
    package var hasBlocks: Bool

    package init(hasColour: Bool, hasBlocks: Bool) {
        self.hasColour = hasColour
        self.hasBlocks = hasBlocks
    }

    /// Neither.
    package static let plain = Ink(hasColour: false, hasBlocks: false)

    /// Whether a locale's characters are UTF-8 (locale(7)): of `LC_ALL`, `LC_CTYPE` and `LANG` the first that is set and not empty counts.
    package static func isUTF8(environment: [String: String]) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.filter { !$0.isEmpty }
        return names.first.map { $0.lowercased().replacing("-", with: "").contains("utf8") } ?? false
    }

    /// How a terminal shows what follows (ECMA-48 §8.3.117, SGR).
    package enum Style: String, Sendable {
        case bold = "\u{1B}[1m"
        case dim = "\u{1B}[2m"
        case reversed = "\u{1B}[7m"
        case red = "\u{1B}[31m"
        case green = "\u{1B}[32m"
        case yellow = "\u{1B}[33m"
        case cyan = "\u{1B}[36m"
    }

    package func text(_ text: String, _ style: Style) -> String {
        hasColour && !text.isEmpty ? style.rawValue + text + "\u{1B}[0m" : text
    }

    /// Shows the other way round, also without colours: NO_COLOR forbids colour, not emphasis.
    package func reversed(_ text: String) -> String { Style.reversed.rawValue + text + "\u{1B}[0m" }

    package var ellipsis: String { hasBlocks ? "…" : "~" }
    var fullBlock: Character { hasBlocks ? "█" : "#" }
    /// Of a bar, the part that was rejected.
    var shadedBlock: Character { hasBlocks ? "▒" : "x" }
    /// A time that was not measured.
    var unknownBlock: Character { hasBlocks ? "░" : "?" }
    /// Parts of a character from the bottom on, the smallest first; the last is a whole one.
    var levels: [Character] { hasBlocks ? Array("▁▂▃▄▅▆▇█") : Array(".:-=+*#@") }
    /// Parts of a character from the left on.
    var eighths: [Character] { hasBlocks ? Array("▏▎▍▌▋▊▉█") : ["#"] }
    var horizontal: Character { hasBlocks ? "─" : "-" }
    var vertical: Character { hasBlocks ? "│" : "|" }
    var corner: Character { hasBlocks ? "└" : "+" }
}
