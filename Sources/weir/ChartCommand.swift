// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowModel
import FlowStore
import FlowViews
import Foundation
import Host
import WeirConfiguration

struct ChartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chart",
        abstract: "Draw traffic over time.",
        discussion: """
            Adds up the records of the store in pieces of time, each record in the piece that its window begins in. With --by, the largest \
            groups have a row each. Times that the store has no window of are shaded; ! marks packets that found no room.

            --format svg writes a picture that needs nothing else; --format json the figures.

            Example: weir chart --since 24h --by action --format svg port ssh >ssh.svg
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, svg
    }

    @Option(help: "Draw from this time on (6h).")
    var since: String?

    @Option(help: "Draw up to this time (now).")
    var until: String?

    @Option(help: "Fields to group by; without them all records are drawn together.")
    var by: String?

    @Option(help: "How long each piece of time is, such as 1m or 1h (as fits the width).")
    var every: String?

    @Option(help: "What to draw: bytes, packets, flows or rejects (bytes).")
    var count: Measure?

    @Option(name: .customShort("n"), help: "How many groups have a row of their own (9).")
    var most: Int?

    @Option(help: "text, json or svg (text).")
    var format: Format?

    @Flag(help: "The same as --format json.")
    var json = false

    @Option(help: "Columns of text, or pixels of a picture (those of the terminal, else 80; 960).")
    var width: Int?

    @Flag(help: "Show names of services for ports.")
    var names = false

    @Flag(help: "Show times in UTC.")
    var utc = false

    @OptionGroup var place: StoreOptions

    @Argument(help: ArgumentHelp("Which records; all without one.", valueName: "filter"))
    var words: [String] = []

    func validate() throws {
        if json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) contradict each other.")
        }
        if let most, !(1...9).contains(most) { throw ValidationError("-n takes a number from 1 to 9.") }
        if let width, !(40...4000).contains(width) { throw ValidationError("--width takes a number from 40 to 4000.") }
    }

    private var form: Format { json ? .json : format ?? .text }

    func run() throws {
        let selection = StoreSelection()
        let start = try selection.since(since ?? "6h")
        let end = try until.map { try selection.until($0, after: start) } ?? selection.now.seconds
        let fields = try fields()
        let filter = try selection.filter(words)
        let reader = try StorePlace(place).reader()
        reader.onDamage = { Output.warn("\($0)") }
        var windows = try reader.measuredWindows(since: start, until: end)
        let step = try step(start, end, windows)
        // From the beginning of the first piece on.
        let first = start.floorDivided(by: step) * step
        if first < start { windows = try reader.measuredWindows(since: first, until: end) }
        let totals = try reader.totals(
            StoreQuery(since: first, until: end, filter: filter), by: fields.columns, every: step)
        let timeline = Timeline(
            totals, by: fields, count ?? .bytes, windows: windows, start: start, end: end, step: step, most: most ?? 9)
        try show(timeline, selection)
        try selection.sayIfEmpty(reader, since: start, until: end)
        if !reader.damages.isEmpty { throw ExitCode(1) }
    }

    private func fields() throws -> [GroupField] {
        do {
            return try by.map { try GroupField.list($0) } ?? []
        } catch {
            throw UsageError(description: "--by: \(error)")
        }
    }

    private var columns: Int { width ?? (isatty(STDOUT_FILENO) == 1 ? TerminalDevice.size.columns : 80) }

    /// How many pieces there may be.
    private var room: Int {
        switch form {
        case .text: TimelineText.room(width: columns, hasGroups: by != nil)
        case .svg: max(1, ((width ?? 960) - 92) / 8)
        case .json: 10_000
        }
    }

    private func step(_ start: Int64, _ end: Int64, _ windows: [Timeline.MeasuredWindow]) throws -> Int64 {
        let longest = windows.map { $0.end - $0.start }.max() ?? 1
        let fitting = TimelineStep.automatic(
            from: start, to: end, atMost: form == .json ? 120 : room, longestWindow: longest)
        guard let every else { return fitting }
        guard every.last?.isNumber == false, let duration = Duration(configurationText: every),
            duration.components.seconds > 0, duration.components.attoseconds == 0
        else { throw UsageError(description: "--every must be a whole time, such as 30s, 5m or 1h, not \"\(every)\"") }
        let step = duration.components.seconds
        guard step >= longest else {
            throw UsageError(
                description:
                    "--every \(every) is shorter than the windows of the store, which last up to \(longest) s: take --every \(TimelineStep.text(fitting))"
            )
        }
        let count = Timeline.count(from: start, to: end, step)
        guard count <= room else {
            throw UsageError(
                description:
                    "--every \(every) makes \(count) pieces, and there is room for \(room): take --every \(TimelineStep.text(fitting)), a shorter time, or a larger --width"
            )
        }
        return step
    }

    private func show(_ timeline: Timeline, _ selection: StoreSelection) throws {
        let services = StoreSelection.services
        let groupNames = names ? GroupNames { services.name(of: $0, $1) } : GroupNames()
        let clock = TimeText(utc: utc).clock
        let filter = words.joined(separator: " ")
        switch form {
        case .json: try Output.printJSON(TimelineReport(timeline, filter: filter.isEmpty ? nil : filter))
        case .svg:
            let picture = TimelineSVG(
                timeline, names: groupNames, clock, subject: filter.isEmpty ? "all records" : filter,
                width: width ?? 960)
            try Output.write(Array(picture.text.utf8))
        case .text:
            let lines = TimelineText(timeline, names: groupNames, Ink.ofOutput(), clock, width: columns).lines
            try Output.write(Array((lines.joined(separator: "\n") + "\n").utf8))
        }
    }
}

extension StoreReader {
    /// The windows that the store has of that time.
    fileprivate func measuredWindows(since: Int64, until: Int64) throws -> [Timeline.MeasuredWindow] {
        let totals = try totals(StoreQuery(since: since, until: until), by: [.windowStart, .windowEnd])
        return totals.groups.compactMap { group in
            guard case .number(let start) = group.values[0], case .number(let end) = group.values[1] else { return nil }
            return Timeline.MeasuredWindow(
                start: start, end: end, overflowPackets: group.counts.overflowPackets)
        }
    }
}
