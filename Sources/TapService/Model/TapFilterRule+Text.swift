// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A rule as JSON has it: the words that it is read from.
extension TapFilterRule: Codable {
    package var members: [String: TapJSON] {
        var members: [String: TapJSON] = [
            "number": .number(Int64(number)), "action": .text(rule.action.rawValue),
            "direction": .text(direction.rawValue),
        ]
        let words: [(String, String?)] = [
            ("protocol", rule.transport.map { TransportNumber.name(of: $0) }), ("source", rule.source?.description),
            ("destination", rule.destination?.description), ("source_port", rule.sourcePorts?.tapText),
            ("destination_port", rule.destinationPorts?.tapText), ("vlan", rule.vlans?.tapText),
            ("tcp_flags", rule.flags?.text), ("verdict", rule.verdict?.rawValue),
            ("description", description.isEmpty ? nil : description),
        ]
        for (name, word) in words { members[name] = word.map { .text($0) } }
        return members
    }

    package init(from decoder: any Decoder) throws {
        let rules = try TapFilterRule.read(try TapJSON(from: decoder))
        guard rules.count == 1 else { throw TapError(.wrong, "a rule that is kept has one direction") }
        self = rules[0]
    }

    package func encode(to encoder: any Encoder) throws { try TapJSON.object(members).encode(to: encoder) }
}

extension TapRule {
    /// What it matches, in a few words.
    package var text: String {
        let words = [
            transport.map { TransportNumber.name(of: $0) }, source.map { "from \($0)" },
            sourcePorts.map { "port \($0.tapText)" }, destination.map { "to \($0)" },
            destinationPorts.map { "port \($0.tapText)" }, vlans.map { "vlan \($0.tapText)" },
            flags.map { "flags \($0.text)" }, verdict.map { "verdict \($0.rawValue)" },
        ].compactMap(\.self)
        return words.isEmpty ? "everything" : words.joined(separator: " ")
    }
}

extension ClosedRange<UInt16> {
    /// `80`, or `80-90`.
    package var tapText: String { lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
