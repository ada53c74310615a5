// SPDX-License-Identifier: Apache-2.0

/// A line of text that is edited with the keys of a terminal, some of them as shells have them.
package struct LineEditor: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        case editing
        case done
        /// The text is to be as it was before.
        case cancelled
    }

    private var characters: [Character]
    /// Before which character the next one is put in.
    private(set) var cursor: Int

    package init(_ text: String = "") {
        characters = Array(text)
        cursor = characters.count
    }

    package var text: String { String(characters) }

    package mutating func handle(_ key: TerminalKey) -> Outcome {
        switch key {
        case .enter: return .done
        case .escape, .control("c"): return .cancelled
        case .character(let character):
            characters.insert(character, at: cursor)
            cursor += 1
        case .left, .control("b"): cursor = max(0, cursor - 1)
        case .right, .control("f"): cursor = min(characters.count, cursor + 1)
        case .home, .control("a"): cursor = 0
        case .end, .control("e"): cursor = characters.count
        default: remove(key)
        }
        return .editing
    }

    private mutating func remove(_ key: TerminalKey) {
        switch key {
        case .backspace where cursor > 0:
            cursor -= 1
            characters.remove(at: cursor)
        case .delete where cursor < characters.count: characters.remove(at: cursor)
        case .control("u"):
            characters.removeSubrange(..<cursor)
            cursor = 0
        case .control("k"): characters.removeSubrange(cursor...)
        case .control("w"):
            let blanks = characters[..<cursor].reversed().prefix { $0 == " " }.count
            let word = characters[..<(cursor - blanks)].reversed().prefix { $0 != " " }.count
            characters.removeSubrange((cursor - blanks - word)..<cursor)
            cursor -= blanks + word
        default: break
        }
    }

    /// The part of the text around the cursor that fits into so many columns, with the cursor shown.
    package func shown(in width: Int, _ ink: Ink) -> String {
        let first = max(0, cursor - max(1, width - 1) + 1)
        let visible = characters.dropFirst(first).prefix(max(1, width - 1))
        var text = ""
        for (index, character) in visible.enumerated() {
            text += first + index == cursor ? ink.reversed(String(character)) : String(character)
        }
        return cursor == characters.count ? text + ink.reversed(" ") : text
    }
}
