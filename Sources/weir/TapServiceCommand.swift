// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import TapService

struct TapServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Tap services: the destinations of copies.",
        subcommands: [
            TapServiceCreateCommand.self, TapListCommand<TapServiceKind>.self, TapShowCommand<TapServiceKind>.self,
            TapServiceUpdateCommand.self, TapDeleteCommand<TapServiceKind>.self,
        ])
}

enum TapServiceKind: TapCommandKind {
    static let kind = TapKind.services
    static let columns: [(head: String, word: @Sendable (TapListed<TapServiceObject>, TapView) -> String)] = [
        ("ID", { object, _ in object.object.id }), ("NAME", { object, _ in object.object.name }),
        ("PROJECT", { object, _ in object.object.projectID ?? "-" }),
        ("DESTINATION", { object, _ in object.object.destinationText }),
        ("FLOWS", { object, view in "\(view.flows.filter { $0.object.serviceID == object.object.id }.count)" }),
        ("STATUS", { object, _ in object.statusText }),
    ]

    static func objects(of view: TapView) -> [TapListed<TapServiceObject>] { view.services }
}

extension TapServiceObject {
    fileprivate var destinationText: String {
        if let portID, let vni, let peers { return "port \(portID), VNI \(vni) from \(peers.joined(separator: ", "))" }
        return portID.map { "port \($0)" } ?? "VNI \(vni.map { "\($0)" } ?? "-") at \(remoteIP ?? "-")"
    }
}

extension TapListed {
    /// The status, and why where there is something to say.
    var statusText: String { reason.map { "\(status.rawValue): \($0)" } ?? status.rawValue }
}

/// What can be said of a tap service.
struct TapServiceOptions: ParsableArguments {
    @Option(help: "Free text.")
    var description: String?

    @Option(help: "Project that the destination is of; that of its port without it.")
    var project: String?

    @Option(help: "Interface of this host that gets the copies.", completion: .interface)
    var port: String?

    @Option(help: "Address of another host that gets the copies, by VXLAN.")
    var remoteIp: String?

    @Option(help: "VXLAN network identifier, 1 to 16777215; no other may use it.")
    var vni: UInt32?

    @Option(help: "Address of a host whose copies with that VNI go to the port; may be given again.")
    var peer: [String] = []

    @Option(help: "Differentiated services code point of outer headers, 0 to 63; else tap-dscp of the configuration.")
    var dscp: UInt8?

    @Option(help: "Time to live of outer headers.")
    var ttl: UInt8?

    @Flag(inversion: .prefixedNo, help: "Whether outer UDP headers have a checksum.")
    var udpChecksum: Bool?

    @Option(help: "Bytes of an outer IP packet that the path carries whole, 576 to 65535.")
    var mtu: Int?

    @Option(help: "What becomes of a frame that does not fit the MTU: fragment (the outer packet), cut or refuse.")
    var oversize: String?

    @Option(
        help: "What the destination takes of all tap flows together, such as 50k; what they promise must not exceed it."
    )
    var maxPacketsPerSecond: String?

    @Option(help: "The same in bits of frames, such as 200M.")
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
        fields.set("vni", vni)
        if !peer.isEmpty { fields.set("peers", peer.joined(separator: ",")) }
        fields.set("dscp", dscp)
        fields.set("ttl", ttl)
        fields.set("udp_checksum", udpChecksum)
        fields.set("mtu", mtu)
        fields.set("oversize", oversize)
        try fields.set("max_packets_per_second", rate: maxPacketsPerSecond)
        try fields.set("max_bits_per_second", rate: maxBitsPerSecond)
        fields.set("allow_cross_account", allowCrossAccount)
        return fields
    }
}

struct TapServiceCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a tap service.",
        discussion: """
            Examples:
              weir tap service create --name mon --port tap9
              weir tap service create --name far --remote-ip 192.0.2.9 --vni 7001 --max-bits-per-second 200M
              weir tap service create --name far --port tap9 --vni 7001 --peer 192.0.2.1      (on 192.0.2.9)
            """)

    @Option(help: "Its name; no other tap service has it.")
    var name: String

    @OptionGroup var options: TapServiceOptions

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        let fields = try options.fields(name: name).values
        let made: TapListed<TapServiceObject> = try place.ask { client throws(TapClient.Refusal) in
            try client.create(.services, fields)
        }
        try TapOutput.show(made, asJSON: json)
    }
}

struct TapServiceUpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a tap service while it copies.",
        discussion: "Example: weir tap service update mon --port tap12 --unset max_bits_per_second")

    @Argument(help: "Name or id.")
    var object: String

    @Option(help: "Another name.")
    var name: String?

    @OptionGroup var options: TapServiceOptions

    @Option(help: "A field to be taken away, as show names it; may be given again.")
    var unset: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        var fields = try options.fields(name: name)
        fields.unset(unset)
        let values = fields.values
        let made: TapListed<TapServiceObject> = try place.ask { client throws(TapClient.Refusal) in
            try client.update(.services, object, values)
        }
        try TapOutput.show(made, asJSON: json)
    }
}
