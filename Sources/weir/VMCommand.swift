// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowExport
import FlowModel
import FlowViews
import HostMonitor
import WeirConfiguration

struct VMCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vm",
        abstract: "Show the machines of this host: state, CPU, steal, memory, disks, traffic.",
        discussion: """
            What libvirt says of the machines, without an agent in them, and what Weir counts at their ports. It takes a daemon with a \
            provider that knows machines: docs/providers.md and docs/monitor.md.
            """,
        subcommands: [VMListCommand.self, VMShowCommand.self])

    /// What the daemon says of the host and its machines now.
    ///
    /// - Throws: why it says nothing.
    static func report(at socket: String) throws -> MonitorReport {
        try MonitorFeed(socket: socket).ask()
    }

    struct Unknown: Error, CustomStringConvertible { let description: String }
}

extension MachineTable.Order: ExpressibleByArgument {}

struct VMListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the machines, one a line.",
        discussion: """
            100 % of CPU and of steal is one CPU. IN/S and OUT/S are bytes a second as Weir counts them at the machine's ports; those of \
            libvirt stand beside them where there is room.

            Example: weir vm list --watch --order cpu
            """)

    @Option(help: "What comes first: name, or those with most cpu, steal, memory or traffic.")
    var order = MachineTable.Order.name

    @Flag(help: "Draw the table anew every interval, on a terminal, until q.")
    var watch = false

    @Flag(help: "Print JSON: the whole report of the daemon.")
    var json = false

    @OptionGroup var place: KeyOptions<ReadingKeys>

    func validate() throws {
        if json, watch { throw ValidationError("--watch draws a table, and --json prints once; use one of them.") }
    }

    func run() throws {
        let socket = try place.merged().root.socket
        if watch { return try MachineSession.run { try Self.screen(socket, order, $0, $1) } }
        let report = try VMCommand.report(at: socket)
        if json { return try Output.printJSON(report) }
        try Self.print(Self.lines(report, order, .ofOutput(), width: MachineSession.width))
    }

    private static func screen(
        _ socket: String, _ order: MachineTable.Order, _ ink: Ink, _ width: Int
    ) throws -> (lines: [String], interval: Double) {
        let report = try VMCommand.report(at: socket)
        return (lines(report, order, ink, width: width), report.intervalSeconds)
    }

    private static func lines(
        _ report: MonitorReport, _ order: MachineTable.Order, _ ink: Ink, width: Int?
    ) -> [String] {
        let entries = MachineEntry.all(of: report)
        let note = report.failure.map { [ink.text(PrintableText.of($0), .yellow)] } ?? []
        return entries.isEmpty
            ? note + ["no machine is known"] : MachineTable(entries, by: order, ink, width: width).lines + note
    }

    private static func print(_ lines: [String]) throws {
        try Output.write(Array(lines.map { $0 + "\n" }.joined().utf8))
    }
}

struct VMShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one machine: figures, interfaces as libvirt and as Weir count them, peers, rejects.",
        discussion: """
            The machine is meant by its name, by libvirt's name, by its id, or by the first eight characters of that or more. Peers and             rejects are of the last five minutes unless --since says otherwise.

            Example: weir vm show web-1 --since 1h
            """)

    @Argument(help: "The machine.")
    var machine: String

    @Option(help: "Peers and rejects of records that end at this time or later.")
    var since = "5m"

    @Option(name: .customShort("n"), help: "How many peers to show.")
    var most = 5

    @Flag(help: "Draw it anew every interval, on a terminal, until q.")
    var watch = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show times in UTC.")
    var utc = false

    @OptionGroup var place: KeyOptions<ReadingKeys>

    func validate() throws {
        if json, watch { throw ValidationError("--watch draws a screen, and --json prints once; use one of them.") }
        if most < 1 { throw ValidationError("-n takes a number from 1 on.") }
    }

    func run() throws {
        let store = try StorePlace(place)
        _ = try StoreSelection().since(since)
        if watch { return try MachineSession.run { try screen(store, $0, $1) } }
        let report = try VMCommand.report(at: store.configuration.socket)
        let entry = try find(report)
        let talk = try MachineTalk(of: entry, since: since, in: store)
        if json { return try Output.printJSON(MachineFacts(entry, talk, most: most)) }
        let lines = lines(entry, talk, .ofOutput(), width: MachineSession.width)
        try Output.write(Array(lines.map { $0 + "\n" }.joined().utf8))
    }

    private func screen(_ store: StorePlace, _ ink: Ink, _ width: Int) throws -> (lines: [String], interval: Double) {
        let report = try VMCommand.report(at: store.configuration.socket)
        let entry = try find(report)
        let talk = try MachineTalk(of: entry, since: since, in: store)
        return (lines(entry, talk, ink, width: width), report.intervalSeconds)
    }

    private func find(_ report: MonitorReport) throws -> MachineEntry {
        let found = MachineEntry.all(of: report).filter { $0.isCalled(machine) }
        if found.count == 1 { return found[0] }
        throw VMCommand.Unknown(
            description: found.isEmpty
                ? "there is no machine \(machine): see weir vm list"
                : "\(found.count) machines are called \(machine): name one by its id (\(found.compactMap(\.id).joined(separator: ", ")))"
        )
    }

    private func lines(_ entry: MachineEntry, _ talk: MachineTalk, _ ink: Ink, width: Int?) -> [String] {
        let clock = TimeText(utc: utc).clock
        var lines = MachineText(entry, ink, clock).lines.map { line in width.map { line.clipped(to: $0, ink) } ?? line }
        for (title, ranking) in [("Most traffic", talk.peers), ("Most rejects", talk.rejects)] {
            guard let ranking, !ranking.groups.isEmpty else { continue }
            let table = RankingTable(ranking, names: GroupNames(), ink, width: width)
            lines +=
                ["", "\(title) since \(clock.full(ranking.start)):"] + table.lines(0..<min(most, ranking.groups.count))
        }
        return lines + talk.notes.map { "(\($0))" }
    }
}
