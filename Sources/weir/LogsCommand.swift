// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFilter
import FlowFormats
import FlowModel
import FlowStore
import Foundation
import Host
import SystemPackage
import WeirConfiguration

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show records of the store.",
        discussion: """
            Works with and without a daemon, and on a store that was copied from elsewhere. A filter says which records: in the words of \
            tcpdump, with AWS's names of fields (docs/filters.md). Quote it where it has brackets or < and >.

            Times are 1h (that long ago), now, 12:00, 2026-11-25, 2026-11-25T12:00, each local, or with Z or an offset behind it.

            Example: weir logs --since 2h host 10.0.0.5 and dst port 22 and reject
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, aws, json
    }

    @Option(help: "Show records that end at this time or later (1h; with --last, everything).")
    var since: String?

    @Option(help: "Show records that begin before this time (now).")
    var until: String?

    @Option(help: "Show only this many, the newest (1000 in a table).")
    var last: Int?

    @Flag(name: .shortAndLong, help: "Go on with each window that comes, until interrupted.")
    var follow = false

    @Option(help: "table, aws or json (table).")
    var format: Format?

    @Option(help: "Fields of AWS lines; AWS's default format without it.")
    var fields: String?

    @Flag(help: "The same as --format json.")
    var json = false

    @Flag(help: "Show times of a table in UTC.")
    var utc = false

    @OptionGroup var place: StoreOptions

    @Argument(help: ArgumentHelp("Which records; all without one.", valueName: "filter"))
    var words: [String] = []

    func validate() throws {
        if json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) contradict each other.")
        }
        if fields != nil, format != .aws { throw ValidationError("--fields has a meaning only with --format aws.") }
        if let last, last < 1 { throw ValidationError("--last takes a number from 1 on.") }
        if follow, until != nil { throw ValidationError("-f has no end; leave --until out.") }
    }

    func run() throws {
        let query = try query()
        let reader = try StoreReader(FilePath(try path()))
        let recordFormat = try recordFormat()
        let most = last ?? (recordFormat == nil ? 1000 : nil)
        var printer = LinesPrinter(recordFormat, utc: utc, most: most)
        reader.onDamage = { Output.warn("\($0)") }
        if let last, since == nil, !follow {
            for entry in try reader.newest(last, query) { try printer.add(entry) }
            try printer.flush(isLast: true)
        } else {
            try print(reader, query, &printer)
        }
        if !reader.damages.isEmpty { throw ExitCode(1) }
    }

    private func print(
        _ reader: StoreReader, _ query: StoreQuery, _ printer: inout LinesPrinter
    ) throws {
        var known: Set<StoredSegment> = []
        repeat {
            let segments = try reader.segments(since: query.since, until: query.until)
            for segment in segments where known.insert(segment.withoutSize).inserted {
                try reader.forEachEntry(of: segment, query) { entry in try printer.add(entry) }
            }
            try printer.flush(isLast: !follow)
            if follow { Thread.sleep(forTimeInterval: Self.pollSeconds) }
        } while follow
    }

    /// How often a store that is followed is looked at.
    private static let pollSeconds = 1.0

    private func path() throws -> String {
        if let store = try place.configuration().store { return store }
        throw UsageError(
            description: "no store is configured: name one (--store), or set store in the configuration of weir run")
    }

    private func query() throws -> StoreQuery {
        let now = ClockAnchor.now.realtime
        let services = ServiceNames.read()
        let first = since ?? (last == nil ? "1h" : nil)
        do {
            return StoreQuery(
                since: try first.map { try LogTime.seconds($0, now: now, "--since") },
                until: try until.map { try LogTime.seconds($0, now: now, "--until") },
                filter: words.isEmpty ? nil : try FlowFilter(words.joined(separator: " "), service: services.port(of:)))
        } catch let error as FilterError {
            throw UsageError(description: "\(error)")
        }
    }

    /// nil: a table.
    private func recordFormat() throws -> (any RecordFormat)? {
        switch json ? .json : format ?? .table {
        case .table: return nil
        case .json: return JSONLinesFormat()
        case .aws:
            do {
                return try fields.map { try AWSTextFormat(fieldList: $0) } ?? .default
            } catch {
                throw UsageError(description: "\(error)")
            }
        }
    }
}

extension StoredSegment {
    /// The same while it is followed, whatever its size.
    fileprivate var withoutSize: StoredSegment {
        var segment = self
        segment.bytes = 0
        return segment
    }
}
