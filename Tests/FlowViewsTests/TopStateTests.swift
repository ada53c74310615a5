// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowViews
import Testing

@Suite struct TopStateTests {
    private func state(_ filter: String = "") throws -> TopState {
        let choices = TopChoices(
            since: .ago(300), fields: try GroupField.list("srcaddr"), measure: .bytes, filter: filter, hasNames: false)
        return TopState(choices) { $0.contains("prot") ? "filter, column 5: no" : nil }
    }

    private func press(_ state: inout TopState, _ keys: String) -> [TopState.Action] {
        keys.map {
            state.handle($0 == "\n" ? .enter : $0 == "\u{1B}" ? .escape : .character($0), now: 10_000, page: 10)
        }
    }

    @Test func `keys change the order without asking anew, and groups and time by asking`() throws {
        var state = try state()
        #expect(press(&state, "pfrb") == [.redraw, .redraw, .redraw, .redraw] && state.choices.measure == .bytes)
        #expect(press(&state, "b") == [.none])
        #expect(press(&state, "do") == [.ask, .ask])
        #expect(state.choices.fields.map(\.name) == ["srcaddr", "dstaddr", "dstport"])
        #expect(press(&state, "sd") == [.ask, .ask] && state.choices.fields.map(\.name) == ["dstport"])
        #expect(press(&state, "o") == [.none] && state.choices.fields.map(\.name) == ["dstport"])
        #expect(press(&state, "+++") == [.ask, .ask, .ask] && state.choices.since == .ago(1800))
        #expect(press(&state, "----") == Array(repeating: .ask, count: 4) && state.choices.since == .ago(120))
        #expect(press(&state, "n") == [.redraw] && state.choices.hasNames)
        #expect(press(&state, "xyz") == [.none, .none, .none])
    }

    @Test func `a filter is written, tried, and taken or left`() throws {
        var state = try state("tcp")
        #expect(press(&state, "/ and udp\n").last == .ask && state.choices.filter == "tcp and udp")
        _ = press(&state, "/ prot\n")
        guard case .filter(let editor, let problem?) = state.mode else {
            Issue.record("\(state.mode)")
            return
        }
        #expect(editor.text == "tcp and udp prot" && problem == "filter, column 5: no")
        #expect(press(&state, "\u{1B}") == [.redraw] && state.choices.filter == "tcp and udp")
        _ = state.handle(.character("/"), now: 0, page: 1)
        _ = state.handle(.control("u"), now: 0, page: 1)
        #expect(state.handle(.enter, now: 0, page: 1) == .ask && state.choices.filter == "")
    }

    @Test func `it pauses, helps, scrolls and ends`() throws {
        var state = try state()
        #expect(press(&state, " ") == [.redraw] && state.isPaused)
        #expect(press(&state, " ") == [.ask] && !state.isPaused)
        #expect(press(&state, "?") == [.redraw] && state.mode == .help)
        #expect(press(&state, "q") == [.redraw] && state.mode == .table)
        for key in [TerminalKey.down, .pageDown, .up] { #expect(state.handle(key, now: 0, page: 10) == .redraw) }
        #expect(state.offset == 10)
        state.limitOffset(groups: 12, page: 10)
        #expect(state.offset == 2)
        #expect(press(&state, "d") == [.ask] && state.offset == 0)
        #expect(state.handle(.control("z"), now: 0, page: 1) == .suspend)
        #expect(press(&state, "q") == [.quit] && state.handle(.control("c"), now: 0, page: 1) == .quit)
    }

    private func rows(_ state: TopState, rows: Int, columns: Int, _ failure: String? = nil) throws -> [String] {
        let entries = (1...50).map { Traffic.flow("10.0.0.\($0)", octets: UInt64(1000 * $0)) }
        let content = TopScreen.Content(
            ranking: try Traffic.ranking(entries, by: "srcaddr"), failure: failure, notes: ["a note"], isOutdated: false
        )
        return TopScreen(
            state, content, names: GroupNames(), .plain, .utc, rows: rows, columns: columns, most: nil
        ).rows
    }

    @Test(arguments: [(24, 80), (10, 40), (50, 200), (7, 20), (6, 80), (24, 10), (1, 1)])
    func `a screen is never larger than the terminal`(height: Int, width: Int) throws {
        var state = try state("host 10.0.0.1 and port 22 or host 10.0.0.2 and port 443 or host 10.0.0.3 and port 5432")
        for key in ["", "?", "x/", "prot\n"] {
            _ = press(&state, key)
            let screen = try rows(state, rows: height, columns: width)
            #expect(screen.count <= height)
            let bare = screen.map { $0.replacing(/\u{1B}\[[0-9]+m/, with: "") }
            #expect(bare.allSatisfy { $0.count <= width }, "\(bare)")
        }
    }

    @Test func `the screen has what was chosen, the groups, the sum and the keys`() throws {
        let screen = try rows(try state("tcp"), rows: 12, columns: 80)
        #expect(screen[0] == "weir top  last 5m  most octets first  to 00:18:20Z")
        #expect(screen[1] == "filter: tcp  -  a note" && screen[2] == "")
        #expect(screen[3].hasPrefix("SRCADDR    FLOWS  PACKETS   OCTETS  OCTETS/S"))
        #expect(screen[4].hasPrefix("10.0.0.50") && screen[9].hasPrefix("10.0.0.45"))
        #expect(screen[10].hasPrefix("1-6 of 50 groups, 50 flows, 500 packets, 1.3 MB"))
        #expect(screen[11].hasPrefix("q quit  ? help  / filter  "))
    }

    @Test func `a failure stands in place of the groups`() throws {
        let screen = try rows(
            try state(), rows: 12, columns: 40, "cannot read the store /x: permission denied; name another")
        #expect(screen[3] == "cannot read the store /x: permission" && screen[4] == "denied; name another")
        #expect(screen[10] == "")
    }
}
