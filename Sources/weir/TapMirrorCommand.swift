// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import TapService

struct TapMirrorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Tap mirrors: a port whose frames go to another host, a tap service and a tap flow in one.",
        subcommands: [
            TapMirrorCreateCommand.self, TapListCommand<TapMirrorKind>.self, TapShowCommand<TapMirrorKind>.self,
            TapMirrorUpdateCommand.self, TapDeleteCommand<TapMirrorKind>.self,
        ])
}

enum TapMirrorKind: TapCommandKind {
    static let kind = TapKind.mirrors
    static let columns: [(head: String, word: @Sendable (TapListed<TapMirrorObject>, TapView) -> String)] = [
        ("ID", { object, _ in object.object.id }), ("NAME", { object, _ in object.object.name }),
        ("PORT", { object, _ in object.object.portID }),
        (
            "DIRECTIONS",
            { object, _ in object.object.numbers.map { "\($0.way.rawValue)=\($0.vni)" }.joined(separator: " ") }
        ),
        ("REMOTE IP", { object, _ in object.object.remoteIP }), ("TYPE", { object, _ in object.object.kind.rawValue }),
        ("FILTER", { object, view in view.filterName(object.object.filterID) }),
        ("STATUS", { object, _ in object.statusText }),
    ]

    static func objects(of view: TapView) -> [TapListed<TapMirrorObject>] { view.mirrors }
}

/// What can be said of a tap mirror.
struct TapMirrorOptions: ParsableArguments {
    @Option(help: "Free text.")
    var description: String?

    @Option(help: "Project that the destination is of.")
    var project: String?

    @Option(help: "Source: an interface. It may come later.", completion: .interface)
    var port: String?

    @Option(help: "A number for a direction, such as IN=102; may be given again.")
    var directions: [String] = []

    @Option(help: "Address of the host that gets the copies.")
    var remoteIp: String?

    @Option(help: "vxlan; erspanv1 and gre are refused by this version, which does not send them.")
    var mirrorType: String?

    @Option(help: "Tap filter: name or id.")
    var filter: String?

    @Option(help: "Session number, 1 to 32766.")
    var session: UInt16?

    @Option(help: "Bytes of each frame that are copied, from its Ethernet header on.")
    var packetLength: Int?

    @Option(help: "Most packets a second, such as 50k.")
    var maxPacketsPerSecond: String?

    @Option(help: "Most bits of frames a second, such as 20M.")
    var maxBitsPerSecond: String?

    @Flag(
        inversion: .prefixedNo, help: "Source and destination may be of two projects. For the operator; it is logged.")
    var allowCrossAccount: Bool?

    func fields(name: String?) throws -> TapRequestFields {
        var fields = TapRequestFields()
        fields.set("name", name)
        fields.set("description", description)
        fields.set("project_id", project)
        fields.set("port_id", port)
        fields.set("remote_ip", remoteIp)
        fields.set("mirror_type", mirrorType)
        fields.set("filter", filter)
        fields.set("session_number", session)
        fields.set("packet_length", packetLength)
        try fields.set("max_packets_per_second", rate: maxPacketsPerSecond)
        try fields.set("max_bits_per_second", rate: maxBitsPerSecond)
        fields.set("allow_cross_account", allowCrossAccount)
        guard !directions.isEmpty else { return fields }
        var numbers: [String: TapJSON] = [:]
        for word in directions.flatMap({ $0.split(separator: ",") }) {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw UsageError(
                    description: "--directions takes a direction and a number, such as IN=102, not \"\(word)\"")
            }
            numbers[String(parts[0])] = .text(String(parts[1]))
        }
        fields.set("directions", .object(numbers))
        return fields
    }
}

struct TapMirrorCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a tap mirror: from then on packets are copied.",
        discussion: """
            Example:
              weir tap mirror create --name m --port tap7 --directions IN=102 --directions OUT=103 --remote-ip 192.0.2.9 --mirror-type vxlan
            """)

    @Option(help: "Its name; no other tap mirror has it.")
    var name: String

    @OptionGroup var options: TapMirrorOptions

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        let values = try options.fields(name: name).values
        let made: TapListed<TapMirrorObject> = try place.ask { client throws(TapClient.Refusal) in
            try client.create(.mirrors, values)
        }
        try TapOutput.show(made, asJSON: json)
    }
}

struct TapMirrorUpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a tap mirror while it copies.",
        discussion: "Example: weir tap mirror update m --filter web")

    @Argument(help: "Name or id.")
    var object: String

    @Option(help: "Another name.")
    var name: String?

    @OptionGroup var options: TapMirrorOptions

    @Option(help: "A field to be taken away, as show names it; may be given again.")
    var unset: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        var fields = try options.fields(name: name)
        fields.unset(unset)
        let values = fields.values
        let made: TapListed<TapMirrorObject> = try place.ask { client throws(TapClient.Refusal) in
            try client.update(.mirrors, object, values)
        }
        try TapOutput.show(made, asJSON: json)
    }
}
