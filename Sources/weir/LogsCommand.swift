// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFormats
import FlowStore
import Foundation

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show records of the store.",
        discussion: """
            Works with and without a daemon, and on a store that was copied from elsewhere. A filter says which records: in the words of \
            tcpdump, with AWS's names of fields (docs/filters.md). Quote it where it has brackets or < and >.

            Times are 1h (that long ago), now, 12:00, 2026-11-25, 2026-11-25T12:00, each local, or with Z or an offset behind it.

            With -f each window is shown when it is complete. On a terminal a last line says what the open window has so far.

            Example: weir logs --since 2h host 10.0.0.5 and dst port 22 and reject
            """)

    @Option(help: "Show records that end at this time or later (1h; with --last, everything).")
    var since: String?

    @Option(help: "Show records that begin before this time (now).")
    var until: String?

    @Option(help: "Show only this many, the newest (1000 in a table).")
    var last: Int?

    @Flag(name: .shortAndLong, help: "Go on with each window that comes, until interrupted.")
    var follow = false

    @OptionGroup var records: RecordOptions

    @Flag(help: "Show times of a table in UTC.")
    var utc = false

    @OptionGroup var place: KeyOptions<ReadingKeys>

    @Argument(help: ArgumentHelp("Which records; all without one.", valueName: "filter"))
    var words: [String] = []

    func validate() throws {
        if let last, last < 1 { throw ValidationError("--last takes a number from 1 on.") }
        if follow, until != nil { throw ValidationError("-f has no end; leave --until out.") }
    }

    func run() throws {
        let selection = StoreSelection()
        let query = try query(selection)
        let recordFormat = try records.recordFormat()
        let store = try StorePlace(place)
        let reader = try store.reader()
        reader.onDamage = { Output.warn("\($0)") }
        let most = last ?? (recordFormat == nil ? 1000 : nil)
        var printer = LinesPrinter(
            recordFormat, records.table(startText: TimeText(utc: utc).start), most: most)
        if let last, since == nil, !follow {
            for entry in try reader.newest(last, query) { try printer.add(entry) }
            try printer.flush(isLast: true)
        } else {
            try print(reader, query, &printer, store)
        }
        if !follow { try selection.sayIfEmpty(reader, since: query.since, until: query.until) }
        if !reader.damages.isEmpty { throw ExitCode(1) }
    }

    private func print(
        _ reader: StoreReader, _ query: StoreQuery, _ printer: inout LinesPrinter, _ store: StorePlace
    ) throws {
        var line = OpenWindowLine(store)
        var newest: UInt64?
        repeat {
            let shown = newest
            for segment in try reader.segments(since: query.since, until: query.until) {
                // What is merged into a file of its hour was shown already.
                if let shown, segment.identity.sequence <= shown { continue }
                try reader.forEachEntry(of: segment, query) { entry in try printer.add(entry) }
                line.erase()
                if follow { try printer.flush(isLast: false) }
                newest = max(newest ?? 0, segment.identity.sequence)
            }
            guard follow else { break }
            line.draw()
            Thread.sleep(forTimeInterval: Self.pollSeconds)
        } while follow
        try printer.flush(isLast: true)
    }

    /// How often a store that is followed is looked at.
    private static let pollSeconds = 1.0

    private func query(_ selection: StoreSelection) throws -> StoreQuery {
        let start = try (since ?? (last == nil ? "1h" : nil)).map { try selection.since($0) }
        return StoreQuery(
            since: start, until: try until.map { try selection.until($0, after: start) },
            filter: try selection.filter(words))
    }
}
