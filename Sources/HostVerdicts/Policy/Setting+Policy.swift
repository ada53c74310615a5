// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import WeirConfiguration

// The words of a policy file.

private enum GroupKey: String, CaseIterable { case name, stateful, rules }

private enum PortEntryKey: String, CaseIterable { case match, tag, groups, mode, force, addresses }

extension Setting {
    func action() throws(ConfigurationError) -> PolicyAction {
        try read("allow or deny") { ["allow": .allow, "deny": .deny][$0] }
    }

    /// The settings of a list; a single value is a list of one.
    private func list(_ allowed: String) throws(ConfigurationError) -> [Setting] {
        if let elements { return elements }
        guard text != nil else { throw mustBe(allowed) }
        return [self]
    }

    private func sequence(_ allowed: String) throws(ConfigurationError) -> [Setting] {
        guard let elements else { throw mustBe(allowed) }
        return elements
    }

    func groups() throws(ConfigurationError) -> [SecurityGroup] {
        var groups: [SecurityGroup] = []
        var names: Set<String> = []
        for setting in try sequence("a list of groups") {
            let group = try setting.group()
            guard names.insert(group.name).inserted, group.name != SecurityPolicy.lastResortGroup else {
                throw ConfigurationError(
                    setting.place,
                    group.name == SecurityPolicy.lastResortGroup
                        ? "no group can be called default: that is what rules of the last resort belong to"
                        : "there are two groups with the name \(group.name)")
            }
            groups.append(group)
        }
        return groups
    }

    private func group() throws(ConfigurationError) -> SecurityGroup {
        let entries = try entries(GroupKey.self)
        guard let named = entries.first(where: { $0.key == .name }) else {
            throw ConfigurationError(place, "a group needs the key name")
        }
        var group = SecurityGroup(name: try named.setting.identifier(), rules: [])
        var isStateful = true
        if let stateful = entries.first(where: { $0.key == .stateful }) { isStateful = try stateful.setting.truth() }
        guard let rules = entries.first(where: { $0.key == .rules }) else { return group }
        var names: Set<String> = []
        for (place, setting) in try rules.setting.sequence("a list of rules").enumerated() {
            let rule = try setting.rule(of: group.name, place + 1, isStateful: isStateful)
            guard names.insert(rule.name).inserted else {
                throw ConfigurationError(setting.place, "there are two rules with the name \(rule.name)")
            }
            group.rules.append(rule)
        }
        return group
    }

    func policyPorts() throws(ConfigurationError) -> [PolicyPort] {
        var ports: [PolicyPort] = []
        for setting in try sequence("a list of mappings with match or tag") { ports.append(try setting.policyPort()) }
        return ports
    }

    private func policyPort() throws(ConfigurationError) -> PolicyPort {
        var subject: PolicyPort.Subject?
        var port = PolicyPort(subject: .tag(""))
        for (key, setting) in try entries(PortEntryKey.self) {
            switch key {
            case .match, .tag:
                guard subject == nil else {
                    throw ConfigurationError(setting.place, "an entry of ports takes match or tag, not both")
                }
                subject = key == .match ? .pattern(try setting.pattern()) : .tag(try setting.identifier())
            case .groups: port.groups = try setting.identifiers("a list of groups")
            case .mode: port.mode = try setting.choice(PolicyMode.allCases, named: \.rawValue)
            case .force: port.isForced = try setting.truth()
            case .addresses: port.addresses = try setting.addresses()
            }
        }
        guard let subject else {
            throw ConfigurationError(place, "an entry of ports needs the key match, the pattern of its name, or tag")
        }
        port.subject = subject
        return port
    }

    private func addresses() throws(ConfigurationError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for setting in try list("an IP address, or a list of them") {
            addresses.append(try setting.read("an IP address, such as 10.0.0.5 or 2001:db8::5") { IPAddress($0) })
        }
        return addresses
    }

    /// Types of frames that are not IP, each by its name or its number.
    func etherTypes() throws(ConfigurationError) -> [UInt16] {
        let allowed = "a type such as 0x88cc, or one of \(EtherTypeName.all.map(\.name).joined(separator: ", "))"
        var types: [UInt16] = []
        for setting in try list(allowed) {
            let type = try setting.read(allowed) { EtherTypeName.type(of: $0) }
            if !types.contains(type) { types.append(type) }
        }
        guard types.count <= KernelPolicy.mostEtherTypes else {
            throw ConfigurationError(
                place, "\(name) has \(types.count) types; \(KernelPolicy.mostEtherTypes) are the most")
        }
        return types
    }

    /// All names of groups in a policy, with their places.
    func namesOfGroups() throws(ConfigurationError) -> [(text: String, place: ConfigurationPlace?)] {
        var names: [(String, ConfigurationPlace?)] = []
        for (key, list) in [("ports", "groups"), ("groups", "rules")] {
            for entry in self[key]?.elements ?? [] {
                guard let named = entry[list] else { continue }
                for setting in named.elements ?? [named] {
                    guard let name = list == "groups" ? setting : setting["remote-group"] else { continue }
                    names.append((name.text ?? "", name.place))
                }
            }
        }
        return names
    }
}
