// SPDX-License-Identifier: Apache-2.0

import FlowViews
import Testing

@Suite struct KeyTests {
    @Test(
        arguments: [
            ("a", [.character("a")]), ("\r", [.enter]), ("\u{1B}[A", [.up]), ("\u{1B}OB", [.down]),
            ("\u{7F}", [.backspace]),
            ("\u{3}", [.control("c")]), ("\u{1B}[5~x", [.pageUp, .character("x")]), ("\u{1B}[3~", [.delete]),
            ("ü🧱", [.character("ü"), .character("🧱")]), ("\u{1B}[1;5C", [.right]), ("\u{1B}[200~q", [.character("q")]),
            ("\u{1B}x", [.escape, .character("x")]), ("\t", [.tab]), ("\u{1B}[H\u{1B}[F", [.home, .end]),
        ] as [(String, [TerminalKey])])
    func `bytes are keys, however they are cut`(text: String, keys: [TerminalKey]) {
        var whole = TerminalKeyReader()
        #expect(whole.keys(Array(text.utf8)) == keys && !whole.isPending)
        var pieces = TerminalKeyReader()
        #expect(text.utf8.flatMap { pieces.keys([$0]) } == keys)
    }

    @Test func `an escape alone is a key when nothing follows`() {
        var reader = TerminalKeyReader()
        #expect(reader.keys([0x1B]) == [] && reader.isPending)
        #expect(reader.keys([], isOver: true) == [.escape] && !reader.isPending)
    }

    @Test func `bytes that are no keys are passed over`() {
        var reader = TerminalKeyReader()
        #expect(reader.keys([0xFF, 0x80, 0xC0, 0x61]) == [.character("a")])
        #expect(reader.keys([0xE2, 0x28, 0xA1, 0x62], isOver: true).last == .character("b"))
        #expect(reader.keys(Array("\u{1B}[".utf8) + Array(repeating: 0x31, count: 40)) == [] && !reader.isPending)
    }

    private func edited(_ text: String, _ keys: TerminalKey...) -> String {
        var editor = LineEditor(text)
        for key in keys { #expect(editor.handle(key) == .editing) }
        return editor.text
    }

    @Test func `a line is edited`() {
        #expect(edited("ab", .character("c")) == "abc")
        #expect(edited("ab", .left, .character("x"), .home, .character("y")) == "yaxb")
        #expect(edited("ab", .left, .backspace, .end, .character("z")) == "bz")
        #expect(edited("ab", .home, .delete, .delete, .delete, .backspace) == "")
        #expect(edited("dst port 22", .control("w"), .control("w")) == "dst ")
        #expect(edited("dst port 22", .control("a"), .control("k"), .character("x")) == "x")
        #expect(edited("dst port 22", .left, .left, .control("u")) == "22")
        var editor = LineEditor("a")
        #expect(editor.handle(.enter) == .done && editor.handle(.escape) == .cancelled)
    }

    @Test func `the cursor is shown, and the text around it`() {
        let ink = Ink.plain
        #expect(LineEditor("ab").shown(in: 10, ink) == "ab\u{1B}[7m \u{1B}[0m")
        var editor = LineEditor("abcdefghij")
        #expect(editor.shown(in: 6, ink) == "ghij\u{1B}[7m \u{1B}[0m")
        for _ in 0..<10 { _ = editor.handle(.left) }
        #expect(editor.shown(in: 6, ink) == "\u{1B}[7ma\u{1B}[0mbcde")
    }

    @Test func `only rows that change are sent`() {
        var screen = ScreenRows()
        #expect(String(decoding: screen.update(["a", "b"]), as: UTF8.self).contains("\u{1B}[2J"))
        #expect(screen.update(["a", "b"]).isEmpty)
        #expect(String(decoding: screen.update(["a", "c"]), as: UTF8.self) == "\u{1B}[2;1H\u{1B}[Kc\u{1B}[0m")
        #expect(String(decoding: screen.update(["a"]), as: UTF8.self) == "\u{1B}[2;1H\u{1B}[J")
        screen.forget()
        #expect(String(decoding: screen.update(["a"]), as: UTF8.self).hasSuffix("\u{1B}[1;1H\u{1B}[Ka\u{1B}[0m"))
    }
}
