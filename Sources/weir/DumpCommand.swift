// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFormats
import FlowKernel
import FlowMeter
import FlowModel
import Foundation
import Host
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
        let configuration = try place.configuration()
        let recordFormat = try recordFormat()
        guard let installation = try Installation.open(PinDirectory(base: configuration.bpffs), isWritable: false)
        else {
            throw KernelError(
                .notFound, "cannot show flows", cause: "nothing is attached under \(configuration.bpffs)",
                remedy: "attach a port (weir attach PORT), or name another directory (--bpffs)")
        }
        let known = try chosenPorts(installation, configuration)
        let rules = PolicyVerdicts(PolicyState(stateDirectory: configuration.stateDirectory))
        try show(try entries(installation, known, rules), recordFormat: recordFormat)
    }

    private func chosenPorts(
        _ installation: borrowing Installation, _ configuration: Configuration
    ) throws -> [PortNumber: FlowModel.Port] {
        let ports = ports.map(InterfaceName.canonical)
        let registered = try installation.tables.maps.registeredPorts()
        for name in ports where !registered.contains(where: { $0.name == name }) {
            throw KernelError(
                .notFound, "cannot show the flows of \(name)", cause: "it is not attached",
                remedy: "list what is: weir status")
        }
        let chosen = registered.filter { ports.isEmpty || ports.contains($0.name) }
        let names = PortNames(configuration, notes: SwitchNotes(stateDirectory: configuration.stateDirectory))
        return Dictionary(uniqueKeysWithValues: chosen.map { ($0.number, names.port($0)) })
    }

    private func entries(
        _ installation: borrowing Installation, _ ports: [PortNumber: FlowModel.Port], _ rules: PolicyVerdicts
    ) throws -> [LogEntry] {
        let snapshot = try installation.tables.snapshot()
        return ClosedWindow(snapshot, until: ClockAnchor.now.realtime).entries(ports: ports).map { entry in
            guard case .flow(var record) = entry else { return entry }
            rules.judge(&record)
            return .flow(record)
        }
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
