// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFormats
import FlowModel
import Foundation
import WeirConfiguration
import WeirDaemon

struct DumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Show the flows of the open window, without disturbing it.",
        discussion: "Works with and without a daemon; without one the open window has no end.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, aws, json
    }

    @Argument(help: "Ports to show; all without any.", completion: .interface)
    var ports: [String] = []

    @Option(help: "table, aws or json (table).")
    var format: Format?

    @Option(help: "Fields of AWS lines; AWS's default format without it.")
    var fields: String?

    @Flag(help: "The same as --format json.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        if json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) contradict each other.")
        }
        if fields != nil, format != .aws { throw ValidationError("--fields has a meaning only with --format aws.") }
    }

    func run() throws {
        let flows = OpenFlows(try place.configuration())
        let recordFormat = try recordFormat()
        try show(try flows.entries(ofPorts: ports), recordFormat: recordFormat)
    }

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

    private func show(_ entries: [LogEntry], recordFormat: (any RecordFormat)?) throws {
        var bytes: [UInt8] = []
        if let recordFormat {
            recordFormat.appendHeader(to: &bytes)
            var encoder = recordFormat.makeEncoder()
            for entry in entries { encoder.append(entry, to: &bytes) }
        } else {
            let useColour = TableFormat.shouldUseColour(
                isTerminal: isatty(STDOUT_FILENO) == 1, environment: ProcessInfo.processInfo.environment)
            TableFormat(useColour: useColour).append(TableFormat.mostOctetsFirst(entries), to: &bytes)
        }
        try Output.write(bytes)
    }
}
