// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import FlowFormats
import FlowModel
import TapService

struct TapSessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "Sessions: what each tap flow has copied, and which takes a packet.",
        subcommands: [TapSessionListCommand.self, TapSessionExplainCommand.self])
}

struct TapSessionListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List sessions with their accounts: matched = mirrored + withheld + failed, in packets.",
        discussion: """
            TRUNCATED is a part of MIRRORED. Withheld is what the first packets of flows, sampling, the session's rate and the budget of \
            destination and host kept back; --json has each by itself, and octets.

            Example: weir tap session list --ports
            """)

    @Flag(help: "A line for each port, too.")
    var ports = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        let view = try place.ask { client throws(TapClient.Refusal) in try client.view() }
        if json { return try Output.printJSON(view.sessions) }
        guard !view.sessions.isEmpty else { return Output.print("there is no session: create a tap flow") }
        let head = [
            "NO", "NAME", "STATUS", "PORT", "DIRECTION", "MATCHED", "MIRRORED", "TRUNCATED", "WITHHELD", "FAILED",
        ]
        let rows = view.sessions.flatMap { self.rows($0) }
        let reasons = view.sessions.compactMap { session in session.reason.map { "\(session.name): \($0)" } }
        let table = TextTable(rows: [head] + rows, rightAligned: 5..<10).lines
        Output.print((table + (reasons.isEmpty ? [] : [""] + reasons)).joined(separator: "\n"))
    }

    private func rows(_ session: TapSessionView) -> [[String]] {
        let names = session.ports.map(\.port)
        let place = names.count == 1 ? names[0] : counted(names.count, "port")
        let own = Self.rows(["\(session.number)", session.name, session.status.rawValue, place], session.figures)
        return own + (ports ? session.ports.flatMap { Self.rows(["", "", "", $0.port], $0.figures) } : [])
    }

    private static func rows(_ first: [String], _ figures: TapFigures) -> [[String]] {
        let counts = [("IN", figures.ingress), ("OUT", figures.egress)]
        return counts.enumerated().map { index, entry in
            let numbers = [
                entry.1.matched, entry.1.mirrored, entry.1.truncated, entry.1.withheld.sum, entry.1.failed.sum,
            ]
            let lead = index == 0 ? first : [String](repeating: "", count: first.count)
            return lead + [entry.0] + numbers.map { "\($0.packets)" }
        }
    }
}

struct TapSessionExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which session takes a packet, by which rule, and why the others do not.",
        discussion: """
            The packet is one as the machine behind the port sees it. Without --protocol it is a frame that is not IP.

            Example: weir tap session explain --port tap7 --direction OUT --protocol tcp --source 10.0.0.5 --destination 10.0.1.9 \
            --source-port 40000 --destination-port 80
            """)

    @Option(help: "Name of the port.", completion: .interface)
    var port: String

    @Option(help: "IN: to the machine behind the port; OUT: from it.")
    var direction: String

    @Option(name: .customLong("protocol"), help: "Name, such as tcp, or number.")
    var transport: String?

    @Option(help: "Source address.")
    var source: String?

    @Option(help: "Destination address.")
    var destination: String?

    @Option(help: "Source port; of ICMP the type.")
    var sourcePort: UInt16?

    @Option(help: "Destination port; of ICMP the code.")
    var destinationPort: UInt16?

    @Option(help: "Id of the outermost VLAN tag; 0: no tag.")
    var vlan: UInt16 = 0

    @Option(help: "TCP flags that are set, such as syn+ack.")
    var tcpFlags: String?

    @Flag(help: "The port's policy refuses it.")
    var refused = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        let packet = try packet()
        let view = try place.ask { client throws(TapClient.Refusal) in try client.view() }
        let explanation = TapExplanation(packet, by: view.requests(at: port).map { ($0.name, $0.number, $0.session) })
        if json { return try Output.printJSON(explanation) }
        guard !explanation.entries.isEmpty else {
            return Output.print("\(port) is a source of no session: nothing is copied")
        }
        let lines = explanation.entries.flatMap { entry in
            ["\(entry.takes ? "takes it" : "-       ")  \(entry.number) \(entry.session): \(entry.why)"]
                + entry.passed.map { "            passed \($0)" }
        }
        let end = explanation.taker == nil ? ["no session takes it: it is not copied"] : []
        Output.print((lines + end).joined(separator: "\n"))
    }

    private func packet() throws -> TapPacket {
        let directions: [String: Direction] = ["in": .ingress, "ingress": .ingress, "out": .egress, "egress": .egress]
        guard let direction = directions[direction.lowercased()] else {
            throw UsageError(description: "--direction must be IN or OUT, not \"\(direction)\"")
        }
        guard (0...4094).contains(vlan) else {
            throw UsageError(description: "--vlan must be a number from 0 to 4094, not \(vlan)")
        }
        guard let transport else { return TapPacket(direction, vlan: vlan) }
        guard let number = TransportNumber.number(of: transport) else {
            throw UsageError(description: "--protocol must be a name such as tcp or a number, not \"\(transport)\"")
        }
        let (from, to) = (try address(source, "--source"), try address(destination, "--destination"))
        guard from.version == to.version else {
            throw UsageError(description: "--source and --destination must be of the same IP version")
        }
        var flow = TapPacket.Flow(transport: number, source: from, destination: to, isRefused: refused)
        if sourcePort != nil || destinationPort != nil { flow.ports = (sourcePort ?? 0, destinationPort ?? 0) }
        if number == TransportNumber.tcp {
            guard let flags = TapFlags.bits(named: tcpFlags ?? "none") else {
                throw UsageError(description: "--tcp-flags must be names such as syn+ack, not \"\(tcpFlags ?? "")\"")
            }
            flow.flags = flags
        }
        return TapPacket(direction, vlan: vlan, flow)
    }

    private func address(_ text: String?, _ option: String) throws -> IPAddress {
        guard let text else { throw UsageError(description: "\(option) is needed with --protocol") }
        guard let address = IPAddress(text) else {
            throw UsageError(description: "\(option) must be an IP address, not \"\(text)\"")
        }
        return address
    }
}
