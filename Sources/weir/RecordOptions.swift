// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFormats
import FlowModel
import Foundation
import Host

/// How a command prints records.
struct RecordOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, aws, json, csv
    }

    @Option(help: "table, aws, json or csv (table).")
    var format: Format?

    @Option(help: "Fields of AWS lines; AWS's default format without it.")
    var fields: String?

    @Flag(help: "The same as --format json.")
    var json = false

    @Flag(help: "In a table, show machines for interfaces where they are known, and names of services for ports.")
    var names = false

    func validate() throws {
        if json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) contradict each other.")
        }
        if fields != nil, format != .aws { throw ValidationError("--fields has a meaning only with --format aws.") }
        if names, json || format ?? .table != .table { throw ValidationError("--names has a meaning only in a table.") }
    }

    /// nil: a table.
    func recordFormat() throws -> (any RecordFormat)? {
        switch json ? .json : format ?? .table {
        case .table: return nil
        case .json: return JSONLinesFormat()
        case .csv: return CSVFormat()
        case .aws:
            do {
                return try fields.map { try AWSTextFormat(fieldList: $0) } ?? .default
            } catch {
                throw UsageError(description: "\(error)")
            }
        }
    }

    /// - Parameter startText: see `TableFormat`.
    func table(startText: (@Sendable (UnixTime) -> String)? = nil) -> TableFormat {
        let useColour = TableFormat.shouldUseColour(
            isTerminal: isatty(STDOUT_FILENO) == 1, environment: ProcessInfo.processInfo.environment)
        guard names else { return TableFormat(useColour: useColour, startText: startText) }
        let services = ServiceNames.read()
        return TableFormat(
            useColour: useColour, startText: startText,
            names: TableNames { port, transport in services.name(of: port, transport) })
    }
}
