// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import WeirConfiguration

/// The keys of a rule: OpenStack's words, without its underscores.
private enum RuleKey: String, CaseIterable {
    case name, direction, ethertype, `protocol`, action, priority, stateful
    case portRange = "port-range"
    case icmpType = "icmp-type"
    case icmpCode = "icmp-code"
    case remotePrefix = "remote-prefix"
    case remoteGroup = "remote-group"
}

extension Setting {
    /// - Parameter place: counted from 1; the name of a rule that has none.
    func rule(of group: String, _ place: Int, isStateful: Bool) throws(ConfigurationError) -> SecurityGroupRule {
        var rule = SecurityGroupRule(name: "\(place)", direction: .ingress, isStateful: isStateful)
        var given: [RuleKey: Setting] = [:]
        for (key, setting) in try entries(RuleKey.self) {
            given[key] = setting
            try setting.set(key, of: &rule)
        }
        guard given[.direction] != nil else {
            throw ConfigurationError(self.place, "a rule needs the key direction: ingress or egress")
        }
        rule.name = "\(group)/\(rule.name)"
        try rule.setEnds(given)
        try rule.check(given)
        return rule
    }

    private func set(_ key: RuleKey, of rule: inout SecurityGroupRule) throws(ConfigurationError) {
        switch key {
        case .name: rule.name = try identifier()
        case .direction: rule.direction = try choice(Direction.allCases, named: { "\($0)" })
        case .ethertype: rule.version = try choice([IPVersion.v4, .v6], named: \.name)
        case .protocol:
            rule.transport =
                text == "any"
                ? nil
                : try read("any, a name such as tcp, udp or icmp, or a number from 0 to 255") {
                    TransportNumber.number(of: $0)
                }
        case .action: rule.action = try action()
        case .priority: rule.priority = try count(0...65_535)
        case .stateful: rule.isStateful = try truth()
        case .remotePrefix: rule.remote = .prefix(try prefix())
        case .remoteGroup: rule.remote = .group(try identifier())
        case .portRange, .icmpType, .icmpCode: break
        }
    }

    private func prefix() throws(ConfigurationError) -> AddressPrefix {
        let prefix = try read("a network such as 10.0.0.0/8 or 2001:db8::/32, or an address") { AddressPrefix($0) }
        let address = text?.split(separator: "/").first.flatMap { IPAddress($0) }
        guard address == prefix.address else {
            throw ConfigurationError(place, "\(name) has bits set behind its length; the network is \(prefix)")
        }
        return prefix
    }

    fileprivate func portRange() throws(ConfigurationError) -> ClosedRange<UInt16> {
        try read("a port, or two with a dash between them, the lower first, such as 443 or 8000-8999") { text in
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard let lower = ends.first ?? nil, let upper = ends.last ?? nil, ends.count <= 2, lower <= upper else {
                return nil
            }
            return lower...upper
        }
    }
}

extension SecurityGroupRule {
    fileprivate mutating func setEnds(_ given: [RuleKey: Setting]) throws(ConfigurationError) {
        if let range = given[.portRange] { ends = .ports(try range.portRange()) }
        if let type = given[.icmpType] {
            let code = try given[.icmpCode].map { code throws(ConfigurationError) in UInt8(try code.count(0...255)) }
            ends = .icmp(type: UInt8(try type.count(0...255)), code: code)
        }
    }

    /// Keys that cannot stand together.
    fileprivate func check(_ given: [RuleKey: Setting]) throws(ConfigurationError) {
        if let setting = given[.portRange], transport.map({ !TransportNumber.hasPorts($0) }) ?? true {
            throw ConfigurationError(setting.place, "port-range needs a protocol that has ports, such as tcp or udp")
        }
        let isICMP = transport == TransportNumber.icmp || transport == TransportNumber.icmpv6
        if let setting = given[.icmpType] ?? given[.icmpCode], !isICMP {
            throw ConfigurationError(setting.place, "\(setting.name) needs the protocol icmp or icmpv6")
        }
        if let setting = given[.icmpCode], given[.icmpType] == nil {
            throw ConfigurationError(setting.place, "icmp-code needs icmp-type")
        }
        if let setting = given[.remoteGroup], given[.remotePrefix] != nil {
            throw ConfigurationError(setting.place, "a rule takes remote-prefix or remote-group, not both")
        }
        try checkVersion(given)
    }

    private func checkVersion(_ given: [RuleKey: Setting]) throws(ConfigurationError) {
        let ofTransport: IPVersion? =
            switch transport {
            case TransportNumber.icmp: .v4
            case TransportNumber.icmpv6: .v6
            default: nil
            }
        var versions = [version, ofTransport].compactMap(\.self)
        if case .prefix(let prefix) = remote { versions.append(prefix.address.version) }
        guard Set(versions).count > 1 else { return }
        throw ConfigurationError(
            given[.remotePrefix]?.place ?? given[.ethertype]?.place,
            "the rule can match no packet: ethertype, protocol and remote-prefix are of different IP versions")
    }
}
