// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowModel
import FlowVerdict
import HostVerdicts

struct PolicyExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which rule decides about a flow, and which are passed on the way.",
        discussion: """
            The flow is one as the machine behind the port sees it. Replies to what a stateful rule allows are allowed \
            whatever the rules say of them: ask about the flow that they answer.
            """)

    @Argument(
        help: "File of a policy; the one that was loaded last without it.", completion: .file(extensions: ["yaml"]))
    var file: String?

    @Option(help: "Name of the port.", completion: .interface)
    var port: String

    @Option(help: "ingress: to the machine behind the port; egress: from it.")
    var direction: Direction

    @Option(name: .customLong("protocol"), help: "Name, such as tcp, or number.")
    var transport: String

    @Option(help: "Source address.")
    var source: String

    @Option(help: "Destination address.")
    var destination: String

    @Option(help: "Source port; of ICMP the type.")
    var sourcePort: UInt16?

    @Option(help: "Destination port; of ICMP the code.")
    var destinationPort: UInt16?

    @Option(help: "A tag that the port has; may be given again.")
    var tag: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: PolicyPlace

    func run() throws {
        let keeper = PolicyKeeper(try place.configuration())
        guard let document = try file.map({ try PolicyDocument(path: $0) }) ?? keeper.loaded() else {
            throw UsageError(description: "no policy was loaded that can be read here; name a file")
        }
        guard let choice = document.choice(forPort: port, tags: tag + keeper.tags(of: port)) else {
            throw UsageError(description: "the policy says nothing of \(port): no entry of ports covers it")
        }
        let explanation = PolicyExplanation(
            try flow(), by: document.policy, groups: choice.groups, members: document.members)
        let facts = ExplanationFacts(explanation, port: port, groups: choice.groups, mode: choice.mode)
        if json { try Output.printJSON(facts) } else { Output.print(facts.text) }
    }

    private func flow() throws -> FlowKey {
        guard let number = TransportNumber.number(of: transport) else {
            throw UsageError(description: "--protocol must be a name such as tcp or a number, not \"\(transport)\"")
        }
        let (from, to) = (try address(source, "--source"), try address(destination, "--destination"))
        guard from.version == to.version else {
            throw UsageError(description: "--source and --destination must be of the same IP version")
        }
        try refusePorts(of: number)
        return FlowKey(
            port: PortNumber(0), direction: direction, transport: number, source: from, destination: to,
            sourcePort: sourcePort ?? 0, destinationPort: destinationPort ?? 0)
    }

    private func refusePorts(of number: UInt8) throws {
        let isICMP = number == TransportNumber.icmp || number == TransportNumber.icmpv6
        for (option, value) in [("--source-port", sourcePort), ("--destination-port", destinationPort)] {
            guard let value else { continue }
            if isICMP, value > 255 {
                throw UsageError(description: "\(option) is a type or code of ICMP here, from 0 to 255, not \(value)")
            }
            if !isICMP, !TransportNumber.hasPorts(number) {
                throw UsageError(description: "\(option) has a meaning only with a protocol that has ports, or ICMP")
            }
        }
    }

    private func address(_ text: String, _ option: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw UsageError(description: "\(option) must be an IP address, not \"\(text)\"")
        }
        return address
    }
}

extension Direction: ExpressibleByArgument {
    public init?(argument: String) {
        guard let direction = Direction.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = direction
    }

    public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}
