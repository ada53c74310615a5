// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFormats
import FlowModel
import FlowStore
import FlowViews
import Foundation
import Host
import WeirConfiguration

extension Measure: ExpressibleByArgument {}

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show who has most traffic, live on a terminal.",
        discussion: """
            Adds up the records of the store and, where the command may read it, the flows of the window that is open now. On a terminal the \
            table is drawn anew every two seconds, and ? shows the keys. In a pipe, and with --once, --until or --json, it is printed once.

            Fields to group by are vm, project, and those of JSON lines, such as interface, srcaddr, dstaddr, dstport, protocol, action, \
            rule. vm is the machine behind the port: its name, else its instance_id, else the interface. A flow counts once for each window that it lasts in; a flow between two measured ports counts at each (group by interface to \
            see them apart).

            Example: weir top --since 15m --by srcaddr,dstport --order rejects not net 10.0.0.0/8
            """)

    @Option(help: "Count records that end at this time or later (5m).")
    var since: String?

    @Option(help: "Count records that begin before this time (now).")
    var until: String?

    @Option(help: "Fields to group by (interface,srcaddr,dstaddr).")
    var by: String?

    @Option(help: "Which groups come first: those with most bytes, packets, flows or rejects (bytes).")
    var order: Measure?

    @Option(name: .customShort("n"), help: "How many groups to show (20; on a terminal as many as there is room for).")
    var most: Int?

    @Flag(help: "Print one table, also on a terminal.")
    var once = false

    @Flag(help: "Print JSON, once.")
    var json = false

    @Flag(help: "Show names of services for ports.")
    var names = false

    @Flag(help: "Show times in UTC.")
    var utc = false

    @OptionGroup var place: KeyOptions<ReadingKeys>

    @Argument(help: ArgumentHelp("Which records; all without one.", valueName: "filter"))
    var words: [String] = []

    func validate() throws {
        if let most, most < 1 { throw ValidationError("-n takes a number from 1 on.") }
    }

    func run() throws {
        let selection = StoreSelection()
        let choices = try choices(selection)
        let filter = try selection.filter(words)
        let end = try until.map { try selection.until($0, after: choices.since(selection.now.seconds)) }
        let store = try StorePlace(place)
        if !once, !json, end == nil, TerminalDevice.isThere {
            _ = try store.reader()
            return try TopSession(store, choices, clock: TimeText(utc: utc).clock, most: most).run()
        }
        var source = try TrafficSource(store)
        let now = selection.now.seconds
        let answer = try source.answer(
            by: choices.fields, filter, since: choices.since(now), until: end, now: now)
        try printOnce(answer, choices, selection)
        if !answer.hasOpenWindow { try selection.sayIfEmpty(try store.reader(), since: choices.since(now), until: end) }
        if !answer.damages.isEmpty { throw ExitCode(1) }
    }

    private func choices(_ selection: StoreSelection) throws -> TopChoices {
        let start = try selection.since(since ?? "5m")
        let ago = since.map { Duration.isAgo($0) } ?? true
        do {
            return TopChoices(
                since: ago ? .ago(selection.now.seconds - start) : .moment(start),
                fields: try GroupField.list(by ?? "interface,srcaddr,dstaddr"), measure: order ?? .bytes,
                filter: words.joined(separator: " "), hasNames: names)
        } catch {
            throw UsageError(description: "--by: \(error)")
        }
    }

    private func printOnce(_ answer: TrafficSource.Answer, _ choices: TopChoices, _ selection: StoreSelection) throws {
        for damage in answer.damages { Output.warn("\(damage)") }
        let ranking = answer.ranking(choices.measure)
        let most = most ?? 20
        if json {
            try Output.printJSON(
                RankingReport(
                    ranking, shown: most, filter: choices.filter.isEmpty ? nil : choices.filter,
                    hasOpenWindow: answer.hasOpenWindow))
        } else {
            let clock = TimeText(utc: utc).clock
            let ink = Ink.ofOutput()
            let services = StoreSelection.services
            let table = RankingTable(
                ranking, names: choices.hasNames ? GroupNames { services.name(of: $0, $1) } : GroupNames(), ink,
                width: isatty(STDOUT_FILENO) == 1 ? TerminalDevice.size.columns : nil)
            let shown = min(most, ranking.groups.count)
            let notes = answer.notes.map { "; \($0)" }.joined()
            var lines = [
                "\(clock.full(ranking.start)) to \(clock.full(ranking.end)), most \(choices.measure.noun) first\(notes)"
            ]
            lines += table.lines(0..<shown) + [table.footer(shown: shown, hint: " (-n)")]
            try Output.write(Array((lines.joined(separator: "\n") + "\n").utf8))
        }
    }
}

extension Duration {
    /// Whether a time is one ago, such as `5m`: such a time goes along with the clock.
    fileprivate static func isAgo(_ text: String) -> Bool {
        text.last?.isNumber == false && Duration(configurationText: text) != nil
    }
}

extension Ink {
    /// What standard output can show.
    static func ofOutput() -> Ink {
        let environment = ProcessInfo.processInfo.environment
        return Ink(
            hasColour: TableFormat.shouldUseColour(isTerminal: isatty(STDOUT_FILENO) == 1, environment: environment),
            hasBlocks: isUTF8(environment: environment))
    }
}
