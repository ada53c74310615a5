// SPDX-License-Identifier: Apache-2.0

import FlowStore

/// What a live table does with keys: a state and the actions that follow, without a terminal and without a clock.
package struct TopState: Sendable {
    package enum Mode: Equatable, Sendable {
        case table
        case help
        /// A filter is being written. The problem is that of the text as it was when it was last tried.
        case filter(LineEditor, problem: String?)
    }

    package enum Action: Equatable, Sendable {
        case none
        case redraw
        /// Other records are asked for.
        case ask
        case suspend
        case quit
    }

    package private(set) var choices: TopChoices
    package private(set) var mode = Mode.table
    package private(set) var isPaused = false
    /// The first group that is shown.
    package private(set) var offset = 0
    private let check: @Sendable (String) -> String?

    /// - Parameter check: what is wrong with the text of a filter; nil: nothing.
    package init(_ choices: TopChoices, check: @escaping @Sendable (String) -> String?) {
        self.choices = choices
        self.check = check
    }

    /// - Parameters:
    ///   - now: Unix seconds.
    ///   - page: how many groups the screen shows.
    package mutating func handle(_ key: TerminalKey, now: Int64, page: Int) -> Action {
        switch key {
        case .control("z"): return .suspend
        case .control("l"): return .redraw
        default: break
        }
        switch mode {
        case .table: return handleInTable(key, now, page)
        case .help:
            mode = .table
            return key == .control("c") ? .quit : .redraw
        case .filter(let editor, _): return handle(key, in: editor)
        }
    }

    private mutating func handleInTable(_ key: TerminalKey, _ now: Int64, _ page: Int) -> Action {
        switch key {
        case .control("c"), .character("q"), .character("Q"): return .quit
        case .character("?"), .character("h"): mode = .help
        case .character("/"): mode = .filter(LineEditor(choices.filter), problem: nil)
        case .character(" "): isPaused.toggle()
        case .up: offset = max(0, offset - 1)
        case .down: offset += 1
        case .pageUp: offset = max(0, offset - page)
        case .pageDown: offset += page
        case .home: offset = 0
        case .character(let character): return choose(character, now)
        default: return .none
        }
        // What stood still while it was paused is asked for anew.
        return key == .character(" ") && !isPaused ? .ask : .redraw
    }

    private mutating func choose(_ character: Character, _ now: Int64) -> Action {
        let before = choices
        switch character {
        case "+", "=": choices.changePeriod(longer: true, now: now)
        case "-": choices.changePeriod(longer: false, now: now)
        case "n": choices.hasNames.toggle()
        default:
            if let measure = Self.orders.first(where: { $0.key == character })?.measure { choices.measure = measure }
            if let field = Self.groups.first(where: { $0.key == character })?.field { choices.toggle(field) }
        }
        guard choices != before else { return .none }
        offset = 0
        return choices.asksSame(as: before) ? .redraw : .ask
    }

    private mutating func handle(_ key: TerminalKey, in editor: LineEditor) -> Action {
        var editor = editor
        switch editor.handle(key) {
        case .editing: mode = .filter(editor, problem: nil)
        case .cancelled: mode = .table
        case .done:
            let text = String(editor.text.drop { $0 == " " })
            if !text.isEmpty, let problem = check(text) {
                mode = .filter(editor, problem: problem)
            } else {
                mode = .table
                guard text != choices.filter else { return .redraw }
                choices.filter = text
                offset = 0
                return .ask
            }
        }
        return .redraw
    }

    /// Keeps the first group that is shown within what is there.
    package mutating func limitOffset(groups: Int, page: Int) { offset = min(offset, max(0, groups - page)) }

    static let orders: [(key: Character, measure: Measure)] = [
        ("b", .bytes), ("p", .packets), ("f", .flows), ("r", .rejects),
    ]

    static let groups: [(key: Character, field: GroupField)] = [
        ("i", .column(.port)), ("v", .machine), ("s", .column(.sourceAddress)), ("d", .column(.destinationAddress)),
        ("o", .column(.destinationPort)), ("t", .column(.transport)), ("w", .column(.direction)),
        ("a", .column(.action)),
    ]
}
