// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import FlowModel
import TapService

struct TapFilterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filter",
        abstract: "Tap filters: numbered rules that choose packets.",
        discussion: """
            A rule is number=N,action=accept|reject,direction=IN|OUT|BOTH and, where it is to match less than everything, protocol=, source=, \
            destination= (a prefix), source-port=, destination-port= (80 or 80-90), icmp-type=, icmp-code=, vlan=, tcp-flags= (syn, or \
            syn/syn+ack: of the second those of the first) and verdict=accept|reject (what the port's policy says). The lowest number that \
            matches decides; where no rule matches, nothing is copied.
            """,
        subcommands: [
            TapFilterCreateCommand.self, TapListCommand<TapFilterKind>.self, TapShowCommand<TapFilterKind>.self,
            TapFilterUpdateCommand.self, TapDeleteCommand<TapFilterKind>.self,
        ])
}

enum TapFilterKind: TapCommandKind {
    static let kind = TapKind.filters
    static let columns: [(head: String, word: @Sendable (TapListed<TapFilterObject>, TapView) -> String)] = [
        ("ID", { object, _ in object.object.id }), ("NAME", { object, _ in object.object.name }),
        ("RULES IN", { object, _ in "\(object.object.rules(of: .ingress).count)" }),
        ("RULES OUT", { object, _ in "\(object.object.rules(of: .egress).count)" }),
        ("FLOWS", { object, view in "\(view.flows.filter { $0.object.filterID == object.object.id }.count)" }),
        ("DESCRIPTION", { object, _ in object.object.description.isEmpty ? "-" : object.object.description }),
    ]

    static func objects(of view: TapView) -> [TapListed<TapFilterObject>] { view.filters }
}

struct TapFilterCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a tap filter.",
        discussion: """
            Examples:
              weir tap filter create --name web --rule number=1,action=accept,direction=OUT,protocol=tcp,destination-port=80-90
              weir tap filter create --name refused --rule number=1,action=accept,direction=BOTH,verdict=reject
              aws ec2 describe-traffic-mirror-filters > filters.json; weir tap filter create --aws filters.json
            """)

    @Option(help: "Its name; no other tap filter has it.")
    var name: String?

    @Option(help: "Free text.")
    var description: String?

    @Option(help: "Project that it is of.")
    var project: String?

    @Option(help: "A rule; may be given again.")
    var rule: [String] = []

    @Option(
        help:
            "File of filters or rules as the AWS CLI prints and takes them, - for standard input; options stand above it.",
        completion: .file(extensions: ["json"]))
    var aws: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        var fields = TapRequestFields()
        fields.set("name", name)
        fields.set("description", description)
        fields.set("project_id", project)
        if !rule.isEmpty || aws == nil { fields.set("rules", .list(rule.map { .text($0) })) }
        for request in try aws.map({ try TapFile.filters($0) }) ?? [[:]] {
            let values = fields.over(request)
            let made: TapListed<TapFilterObject> = try place.ask { client throws(TapClient.Refusal) in
                try client.create(.filters, values)
            }
            try TapOutput.show(made, asJSON: json)
        }
    }
}

struct TapFilterUpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a tap filter while it chooses: its rules one by one, or all.",
        discussion:
            "Example: weir tap filter update web --remove-rule OUT:1 --add-rule number=2,action=accept,direction=OUT,protocol=udp"
    )

    @Argument(help: "Name or id.")
    var object: String

    @Option(help: "Another name.")
    var name: String?

    @Option(help: "Free text.")
    var description: String?

    @Option(help: "Project that it is of.")
    var project: String?

    @Option(help: "Rules in the place of all that it has; may be given again.")
    var rule: [String] = []

    @Option(help: "One more rule; may be given again.")
    var addRule: [String] = []

    @Option(help: "A rule to be taken away, by direction and number such as OUT:10; may be given again.")
    var removeRule: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        var fields = TapRequestFields()
        fields.set("name", name)
        fields.set("description", description)
        fields.set("project_id", project)
        for (key, rules) in [("rules", rule), ("add_rules", addRule), ("remove_rules", removeRule)] where !rules.isEmpty
        {
            fields.set(key, .list(rules.map { .text($0) }))
        }
        let values = fields.values
        let made: TapListed<TapFilterObject> = try place.ask { client throws(TapClient.Refusal) in
            try client.update(.filters, object, values)
        }
        try TapOutput.show(made, asJSON: json)
    }
}
