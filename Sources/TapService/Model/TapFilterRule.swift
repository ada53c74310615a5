// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A rule of a filter as its owner has written it.
package struct TapFilterRule: Equatable, Sendable {
    /// `IN` or `OUT`.
    package var direction: TapFlowObject.Way
    package var rule: TapRule
    package var description = ""

    package var number: UInt16 { rule.number }

    private static let noun = "rule"

    /// Reads a rule from an object of JSON, or from text as the command has it: `number=1,action=accept,…`. One of direction BOTH is two.
    package static func read(_ value: TapJSON) throws(TapError) -> [TapFilterRule] {
        switch value {
        case .object(let members): return try read(members)
        case .text(let text): return try read(try members(of: text))
        default:
            throw TapError(
                .wrong, "a rule is an object, or a text such as number=1,action=accept,direction=OUT, not \(value)")
        }
    }

    private static func members(of text: String) throws(TapError) -> [String: TapJSON] {
        var members: [String: TapJSON] = [:]
        for part in text.split(separator: ",") {
            let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2 else {
                throw TapError(
                    .wrong,
                    "\"\(part)\" in the rule \(text) is not name=value; write number=1,action=accept,direction=OUT")
            }
            let name = String(words[0].filter { !$0.isWhitespace })
            guard members.updateValue(.text(String(words[1])), forKey: name) == nil else {
                throw TapError(.wrong, "the rule \(text) has \(name) twice")
            }
        }
        return members
    }

    private static func read(_ members: [String: TapJSON]) throws(TapError) -> [TapFilterRule] {
        var fields = TapFields(noun, members)
        var number: UInt16?
        var action: TapRule.Action?
        var way: TapFlowObject.Way?
        var description = ""
        try fields.take("number", "rule_number", into: &number, .number(1...32_766))
        try fields.take("action", "rule_action", into: &action, .word)
        try fields.take("direction", "traffic_direction", into: &way, .way)
        try fields.take("description", into: &description, .description)
        guard let number else { throw TapError(.wrong, "a rule needs a number (number=1): the lowest decides first") }
        guard let action else { throw TapError(.wrong, "rule \(number) needs an action: accept or reject") }
        guard let way else { throw TapError(.wrong, "rule \(number) needs a direction: IN, OUT or BOTH") }
        var rule = TapRule(number, action)
        try take(&fields, into: &rule)
        try fields.finish()
        try check(rule)
        let ways: [TapFlowObject.Way] = way == .both ? [.ingress, .egress] : [way]
        return ways.map { TapFilterRule(direction: $0, rule: rule, description: description) }
    }

    private static func take(_ fields: inout TapFields, into rule: inout TapRule) throws(TapError) {
        try fields.take("protocol", into: &rule.transport, .transport)
        try fields.take("source", "source_prefix", "source_cidr_block", into: &rule.source, .prefix)
        try fields.take("destination", "destination_prefix", "destination_cidr_block", into: &rule.destination, .prefix)
        try fields.take("source_port", "source_ports", "source_port_range", into: &rule.sourcePorts, .ports)
        try fields.take(
            "destination_port", "destination_ports", "destination_port_range", into: &rule.destinationPorts, .ports)
        try fields.take("icmp_type", into: &rule.sourcePorts, .octets)
        try fields.take("icmp_code", into: &rule.destinationPorts, .octets)
        try fields.take("vlan", "vlans", into: &rule.vlans, .vlans)
        try fields.take("tcp_flags", "flags", into: &rule.flags, .flags)
        try fields.take("verdict", into: &rule.verdict, .word)
    }

    /// - Throws: where what the rule names can be in no packet together.
    private static func check(_ rule: TapRule) throws(TapError) {
        if let source = rule.source, let destination = rule.destination,
            source.address.version != destination.address.version
        {
            throw TapError(
                .wrong, "rule \(rule.number) has a source and a destination of two IP versions: make it two rules")
        }
        if rule.sourcePorts != nil || rule.destinationPorts != nil {
            guard let transport = rule.transport, TransportNumber.hasPorts(transport) || transport.isICMP else {
                throw TapError(
                    .wrong,
                    "rule \(rule.number) names ports, which only TCP, UDP, SCTP, DCCP and UDP-Lite have: name the protocol"
                )
            }
            let highest = max(rule.sourcePorts?.upperBound ?? 0, rule.destinationPorts?.upperBound ?? 0)
            if transport.isICMP, highest > 255 {
                throw TapError(.wrong, "rule \(rule.number) has ports of ICMP, which are its type and code: 0 to 255")
            }
        }
        if rule.flags != nil, rule.transport != TransportNumber.tcp {
            throw TapError(.wrong, "rule \(rule.number) names TCP flags: name the protocol, tcp")
        }
        let version = (rule.source ?? rule.destination)?.address.version
        if let version, let transport = rule.transport, transport.isICMP,
            (transport == TransportNumber.icmp) != (version == .v4)
        {
            throw TapError(
                .wrong,
                "rule \(rule.number) is of \(TransportNumber.name(of: transport)), which is of the other IP version than its prefix"
            )
        }
    }
}

extension UInt8 {
    fileprivate var isICMP: Bool { self == TransportNumber.icmp || self == TransportNumber.icmpv6 }
}

extension TapReader<TapFlowObject.Way> {
    /// OpenStack's words and AWS's.
    static var way: Self {
        .text("IN, OUT or BOTH") { text in
            switch text.lowercased() {
            case "in", "ingress": .ingress
            case "out", "egress": .egress
            case "both": .both
            default: nil
            }
        }
    }
}

extension TapReader<UInt8> {
    static var transport: Self {
        .text("a protocol's name, such as tcp, or its number, 0 to 255") { TransportNumber.number(of: $0) }
    }
}

extension TapReader<AddressPrefix> {
    static var prefix: Self {
        .text("an address or a network, such as 10.0.0.0/8") { AddressPrefix($0.filter { !$0.isWhitespace }) }
    }
}

extension TapReader<ClosedRange<UInt16>> {
    static var ports: Self {
        .text("a port from 0 to 65535, or a range such as 80-90") { range($0, within: 0...65_535) }
    }

    static var octets: Self { .text("a number from 0 to 255, or a range such as 3-5") { range($0, within: 0...255) } }

    static var vlans: Self {
        .text("a VLAN id from 0 to 4094, or a range such as 18-22 (0: no tag)") { range($0, within: 0...4094) }
    }
}

extension TapReader<TapFlags> {
    /// As iptables(8) has them, with `+` between names: `syn/syn+ack` is SYN set and ACK not; `syn` alone is SYN set.
    static var flags: Self {
        .text("TCP flags, such as syn, or flags and mask, such as syn/syn+ack") { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map {
                TapFlags.bits(named: String($0))
            }
            guard (1...2).contains(parts.count), let flags = parts[0], let mask = parts[parts.count - 1], mask != 0,
                flags & ~mask == 0
            else { return nil }
            return TapFlags(flags, of: mask)
        }
    }

}

extension TapFlags {
    /// From the lowest bit of byte 13 of the header on (RFC 9293 §3.1).
    private static let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]

    /// Of names with `+` between them, or `none`; nil where a name is none of a flag.
    package static func bits(named text: String) -> UInt8? {
        if text.lowercased() == "none" { return 0 }
        var bits: UInt8 = 0
        for name in text.lowercased().split(separator: "+", omittingEmptySubsequences: false) {
            guard let bit = names.firstIndex(of: String(name)) else { return nil }
            bits |= 1 << UInt8(bit)
        }
        return bits
    }

    /// As a rule has it.
    package var text: String {
        flags == mask ? Self.text(flags) : "\(Self.text(flags))/\(Self.text(mask))"
    }

    private static func text(_ bits: UInt8) -> String {
        let names = Self.names.enumerated().filter { bits >> UInt8($0.offset) & 1 == 1 }.map(\.element)
        return names.isEmpty ? "none" : names.joined(separator: "+")
    }
}
