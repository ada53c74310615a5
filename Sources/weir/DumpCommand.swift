// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFilter
import FlowFormats
import FlowModel
import Host
import LiveStatus
import WeirConfiguration

struct DumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Show the flows of the open window, without disturbing it.",
        discussion: """
            Works with and without a daemon; without one the open window has no end. A filter says which flows: in the words of tcpdump, with \
            AWS's names of fields (docs/filters.md). Quote it where it has brackets or < and >.

            Example: weir dump tap7 dst port 22 and reject
            """)

    @Argument(
        help: ArgumentHelp(
            "Ports to show (all without any), then a filter.", valueName: "port | filter"), completion: .interface)
    var words: [String] = []

    @OptionGroup var records: RecordOptions

    @OptionGroup var place: PlaceOptions

    func run() throws {
        let flows = OpenFlows(try place.configuration())
        let recordFormat = try records.recordFormat()
        let (ports, filter) = try chosen(among: try flows.ports())
        let entries = try flows.entries(ofPorts: ports)
        try show(filter.map { filter in entries.filter(filter.matches) } ?? entries, recordFormat: recordFormat)
    }

    /// The first words that are names of ports; the others are a filter.
    private func chosen(among measured: [String]) throws -> (ports: [String], filter: FlowFilter?) {
        let ports = Array(words.prefix { measured.contains(InterfaceName.canonical($0)) })
        let rest = words.dropFirst(ports.count)
        guard let first = rest.first else { return (ports, nil) }
        let services = ServiceNames.read()
        do {
            return (ports, try FlowFilter(rest.joined(separator: " "), service: services.port(of:)))
        } catch {
            // One word that is no filter was meant as a port.
            if rest.count == 1, !first.contains(where: \.isWhitespace) { return (words, nil) }
            throw UsageError(description: "\(error)")
        }
    }

    private func show(_ entries: [LogEntry], recordFormat: (any RecordFormat)?) throws {
        var bytes: [UInt8] = []
        if let recordFormat {
            recordFormat.appendHeader(to: &bytes)
            var encoder = recordFormat.makeEncoder()
            for entry in entries { encoder.append(entry, to: &bytes) }
        } else {
            records.table().append(TableFormat.mostOctetsFirst(entries), to: &bytes)
        }
        try Output.write(bytes)
    }
}
