// SPDX-License-Identifier: Apache-2.0

import FlowModel

enum TableColumn: Int, CaseIterable {
    case start, port, direction, transport, source, arrow, destination, packets, octets, flags, duration, verdict

    var title: String {
        switch self {
        case .start: "START"
        case .port: "PORT"
        case .direction: "DIR"
        case .transport: "PROTO"
        case .source: "SOURCE"
        case .arrow: ""
        case .destination: "DESTINATION"
        case .packets: "PACKETS"
        case .octets: "OCTETS"
        case .flags: "FLAGS"
        case .duration: "TIME"
        case .verdict: "VERDICT"
        }
    }

    var alignsRight: Bool {
        switch self {
        case .packets, .octets, .duration: true
        default: false
        }
    }
}

/// The cells of one entry, in the order of `TableColumn`.
struct TableRow {
    private(set) var cells: [String]
    let colour: TerminalColour?

    /// - Parameter start: how its beginning is written; nil: there is no cell for it.
    init(_ entry: LogEntry, start: ((UnixTime) -> String)?, _ names: TableNames?) {
        self.init(entry, names)
        let identity = entry.port.identity
        if names != nil, let machine = identity.instanceName ?? identity.instanceID {
            cells[0] = "\(PrintableText.of(machine)) (\(cells[0]))"
        }
        if let start { cells.insert(start(entry.start), at: 0) }
    }

    private init(_ entry: LogEntry, _ names: TableNames?) {
        switch entry {
        case .flow(let record): self.init(record, names)
        case .noData(let port, _): self.init(port, packets: "-", octets: "-", verdict: "no data", colour: .dim)
        case .skipData(let port, _, let overflow):
            self.init(
                port, packets: HumanUnits.count(overflow.packets), octets: HumanUnits.octets(overflow.octets),
                verdict: "skipped", colour: .yellow)
        case .unparsed(let port, _, let frames): self.init(port, frames)
        }
    }

    private init(_ port: Port, _ frames: UnparsedFrames) {
        cells = [
            PrintableText.of(port.name), Self.directionName(frames.direction), "\(frames.reason.name)", "-", "", "-",
            HumanUnits.count(frames.count.packets), HumanUnits.octets(frames.count.octets), "-", "-",
            Self.word(for: frames.verdict),
        ]
        colour = frames.verdict.action == .reject ? .red : .yellow
    }

    private init(_ record: FlowRecord, _ names: TableNames?) {
        let key = record.key
        cells = [
            PrintableText.of(record.port.name), Self.directionName(key.direction),
            TransportNumber.name(of: key.transport),
            Self.endpoint(key.source, key.sourcePort, of: key, record.sourceName, names), "→",
            Self.endpoint(key.destination, key.destinationPort, of: key, record.destinationName, names),
            HumanUnits.count(record.count.packets),
            HumanUnits.octets(record.count.octets), Self.flags(of: record),
            HumanUnits.duration(record.first.duration(to: record.last)), Self.word(for: record.verdict),
        ]
        switch record.verdict.action {
        case .reject: colour = .red
        case .mixed: colour = .yellow
        case .accept, .unknown: colour = nil
        }
    }

    private init(_ port: Port, packets: String, octets: String, verdict: String, colour: TerminalColour) {
        cells = [PrintableText.of(port.name), "-", "-", "-", "", "-", packets, octets, "-", "-", verdict]
        self.colour = colour
    }
}

extension TableRow {
    private static func directionName(_ direction: Direction) -> String {
        switch direction {
        case .ingress: "in"
        case .egress: "out"
        }
    }

    /// The address, or its name where names are shown, with the port where the transport has ports and they are known: `[2001:db8::1]:443`.
    private static func endpoint(
        _ address: IPAddress, _ port: UInt16, of key: FlowKey, _ name: EndName?, _ names: TableNames?
    ) -> String {
        let name = names == nil ? nil : name.map { PrintableText.of($0.text) }
        guard hasPorts(key) else { return name ?? "\(address)" }
        let service = names?.service(port, TransportNumber.name(of: key.transport)) ?? "\(port)"
        if let name { return "\(name):\(PrintableText.of(service))" }
        return switch address.version {
        case .v4: "\(address):\(PrintableText.of(service))"
        case .v6: "[\(address)]:\(PrintableText.of(service))"
        }
    }

    private static func hasPorts(_ key: FlowKey) -> Bool {
        !key.isFragmentWithoutFlow && TransportNumber.hasPorts(key.transport)
    }

    /// A letter for each flag that any segment carried; ICMP's type and code stand in the same place.
    private static func flags(of record: FlowRecord) -> String {
        if record.key.isICMP, !record.key.isFragmentWithoutFlow {
            return "\(record.key.sourcePort)/\(record.key.destinationPort)"
        }
        guard record.key.transport == TransportNumber.tcp else { return "-" }
        let letters: [(bit: UInt16, letter: Character)] = [
            (2, "S"), (16, "A"), (1, "F"), (4, "R"), (8, "P"), (32, "U"),
        ]
        let set = letters.filter { record.tcpControlBits & $0.bit != 0 }.map(\.letter)
        return set.isEmpty ? "-" : String(set)
    }

    private static func word(for verdict: Verdict) -> String {
        switch verdict.action {
        case .accept: "accept"
        case .reject: verdict.reason.map { "reject (\(PrintableText.of($0.text)))" } ?? "reject"
        case .mixed: "mixed"
        case .unknown: "-"
        }
    }
}
