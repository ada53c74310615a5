// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import DurableFiles
import FlowModel
import Foundation
import SystemPackage
import TapService

struct TapFlowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow",
        abstract: "Tap flows: what is copied from which ports to which tap service.",
        subcommands: [
            TapFlowCreateCommand.self, TapListCommand<TapFlowKind>.self, TapShowCommand<TapFlowKind>.self,
            TapFlowUpdateCommand.self, TapDeleteCommand<TapFlowKind>.self,
        ])
}

enum TapFlowKind: TapCommandKind {
    static let kind = TapKind.flows
    static let columns: [(head: String, word: @Sendable (TapListed<TapFlowObject>, TapView) -> String)] = [
        ("ID", { object, _ in object.object.id }), ("NAME", { object, _ in object.object.name }),
        ("SESSION", { object, _ in "\(object.object.sessionNumber)" }),
        ("SOURCE", { object, _ in object.object.source.text }),
        ("TAP SERVICE", { object, view in view.serviceName(object.object.serviceID) }),
        ("DIRECTION", { object, _ in object.object.direction.rawValue }),
        ("FILTER", { object, view in view.filterName(object.object.filterID) }),
        ("STATUS", { object, _ in object.statusText }),
    ]

    static func objects(of view: TapView) -> [TapListed<TapFlowObject>] { view.flows }
}

extension TapView {
    fileprivate func serviceName(_ id: String) -> String { services.first { $0.object.id == id }?.object.name ?? id }

    func filterName(_ id: String?) -> String {
        id.map { id in filters.first { $0.object.id == id }?.object.name ?? id } ?? "-"
    }
}

/// What can be said of a tap flow.
struct TapFlowOptions: ParsableArguments {
    @Option(help: "Free text.")
    var description: String?

    @Option(help: "Project that asks.")
    var project: String?

    @Option(help: "Tap service that gets the copies: name or id.")
    var tapService: String?

    @Option(help: "Source: an interface. It may come later.", completion: .interface)
    var port: String?

    @Option(help: "Sources: all ports with this tag of the configuration's.")
    var tag: String?

    @Option(help: "Sources: all ports of this project, id or name.")
    var sourceProject: String?

    @Option(help: "Sources: all ports of this machine, id or name.")
    var vm: String?

    @Option(help: "Sources: all interfaces whose names match a pattern, such as 'tap*'.")
    var ports: String?

    @Option(help: "IN (to the machine), OUT (from it) or BOTH.")
    var direction: String?

    @Option(help: "VLAN ids that are copied, such as 2,18-22; 0 is a frame without a tag.")
    var vlanFilter: String?

    @Option(help: "Tap filter: name or id. Without one everything of the directions is copied.")
    var filter: String?

    @Option(
        help: "Session number, 1 to 32766: of several sessions of a port the lowest that accepts a packet takes it.")
    var session: UInt16?

    @Option(help: "Bytes of each frame that are copied, from its Ethernet header on.")
    var packetLength: Int?

    @Option(help: "Copies only the first packets of each flow.")
    var firstPackets: UInt32?

    @Option(help: "Copies only the first octets of each flow.")
    var firstOctets: UInt64?

    @Option(help: "Copies one of so many packets or flows.")
    var sampling: UInt32?

    @Option(help: "packet, or flow: all packets of one of so many flows.")
    var samplingMode: String?

    @Option(help: "Most packets a second, such as 50k.")
    var maxPacketsPerSecond: String?

    @Option(help: "Most bits of frames a second, such as 20M.")
    var maxBitsPerSecond: String?

    @Option(help: "VXLAN network identifier in the place of the tap service's.")
    var vni: UInt32?

    @Option(help: "false switches it off and keeps it.")
    var enabled: String?

    @Flag(
        inversion: .prefixedNo, help: "Source and destination may be of two projects. For the operator; it is logged.")
    var allowCrossAccount: Bool?

    func fields(name: String?) throws -> TapRequestFields {
        var fields = TapRequestFields()
        fields.set("name", name)
        fields.set("description", description)
        fields.set("project_id", project)
        fields.set("tap_service", tapService)
        setSource(&fields)
        fields.set("direction", direction)
        fields.set("vlan_filter", vlanFilter)
        fields.set("filter", filter)
        fields.set("session_number", session)
        fields.set("packet_length", packetLength)
        fields.set("first_packets", firstPackets)
        fields.set("first_octets", firstOctets)
        fields.set("sampling_rate", sampling)
        fields.set("sampling_mode", samplingMode)
        try fields.set("max_packets_per_second", rate: maxPacketsPerSecond)
        try fields.set("max_bits_per_second", rate: maxBitsPerSecond)
        fields.set("vni", vni)
        fields.set("enabled", enabled)
        fields.set("allow_cross_account", allowCrossAccount)
        return fields
    }

    private func setSource(_ fields: inout TapRequestFields) {
        fields.set("source_port", port)
        fields.set("source_tag", tag)
        fields.set("source_project", sourceProject)
        fields.set("source_vm", vm)
        fields.set("source_ports", ports)
    }
}

struct TapFlowCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a tap flow: from then on packets are copied.",
        discussion: """
            Examples:
              weir tap flow create --name f --port tap7 --tap-service mon --direction BOTH --filter web --session 1
              weir tap flow create --name db --tag db --tap-service far --packet-length 128 --first-packets 20
              aws ec2 describe-traffic-mirror-sessions > sessions.json; weir tap flow create --aws sessions.json
            """)

    @Option(help: "Its name; no other tap flow has it.")
    var name: String?

    @OptionGroup var options: TapFlowOptions

    @Option(
        help: "File of sessions as the AWS CLI prints and takes them, - for standard input; options stand above it.",
        completion: .file(extensions: ["json"]))
    var aws: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        let fields = try options.fields(name: name)
        let requests = try aws.map { try TapFile.sessions($0) } ?? [[:]]
        for request in requests {
            let values = fields.over(request)
            let made: TapListed<TapFlowObject> = try place.ask { client throws(TapClient.Refusal) in
                try client.create(.flows, values)
            }
            try TapOutput.show(made, asJSON: json)
        }
    }
}

struct TapFlowUpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a tap flow while it copies.",
        discussion: "Example: weir tap flow update f --filter web --session 2 --unset packet_length")

    @Argument(help: "Name or id.")
    var object: String

    @Option(help: "Another name.")
    var name: String?

    @OptionGroup var options: TapFlowOptions

    @Option(help: "A field to be taken away, as show names it; may be given again.")
    var unset: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        var fields = try options.fields(name: name)
        fields.unset(unset)
        let values = fields.values
        let made: TapListed<TapFlowObject> = try place.ask { client throws(TapClient.Refusal) in
            try client.update(.flows, object, values)
        }
        try TapOutput.show(made, asJSON: json)
    }
}

/// A file in AWS's words.
enum TapFile {
    private static let mostBytes = 1 << 20

    static func sessions(_ path: String) throws -> [[String: TapJSON]] {
        try read(path) { data throws(TapError) in try AWSTrafficMirror.sessions(data) }
    }

    static func filters(_ path: String) throws -> [[String: TapJSON]] {
        try read(path) { data throws(TapError) in try AWSTrafficMirror.filters(data) }
    }

    private static func read(
        _ path: String, _ body: (Data) throws(TapError) -> [[String: TapJSON]]
    ) throws -> [[String: TapJSON]] {
        let file = path == "-" ? "/dev/stdin" : path
        let bytes: [UInt8]
        do { bytes = try OperatorFile.read(FilePath(file), .anyFolder, limit: mostBytes) } catch {
            throw TapFailure(description: "cannot read \(path): \(error)")
        }
        do throws(TapError) { return try body(Data(bytes)) } catch {
            throw UsageError(description: "\(path): \(error)")
        }
    }
}
