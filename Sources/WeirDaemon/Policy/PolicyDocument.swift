// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
package import FlowVerdict
package import Foundation

/// A policy file: groups of rules, and which ports have which.
package struct PolicyDocument: Equatable, Sendable {
    package var policy: SecurityPolicy
    /// In the order of the file.
    package var ports: [PolicyPort]

    /// Reads a file. Throws what is wrong with it: line, key, reason.
    package init(path: String) throws(ConfigurationError) {
        try self.init(YAMLDocument(Self.name, path: path, .anyFolder, remedy: "name the file of a policy"))
    }

    package init(path: String, content: Data) throws(ConfigurationError) {
        try self.init(YAMLDocument(Self.name, path: path, content: content))
    }

    private static let name = "the policy"

    /// The text of a file that is to be put in force; throws where it is none, or other users could have written it.
    package static func text(of path: String) throws(ConfigurationError) -> String {
        try YAMLDocument(name, path: path, .operators, remedy: "name the file of a policy").text
    }

    private enum Key: String, CaseIterable {
        case groups, ports
        case etherTypes = "ethertypes"
        case defaultIngress = "default-ingress"
        case defaultEgress = "default-egress"
    }

    private init(_ document: YAMLDocument) throws(ConfigurationError) {
        try Self.refuseTooManyRules(document)
        guard let root = try document.root() else {
            throw ConfigurationError(
                ConfigurationPlace(file: document.path, line: 1), "the policy is empty; give it groups and ports")
        }
        policy = SecurityPolicy(groups: [])
        ports = []
        for (key, setting) in try root.entries(Key.self) {
            switch key {
            case .groups: policy.groups = try setting.groups()
            case .ports: ports = try setting.policyPorts()
            case .etherTypes: policy.etherTypes = try setting.etherTypes()
            case .defaultIngress: policy.defaultIngress = try setting.action()
            case .defaultEgress: policy.defaultEgress = try setting.action()
            }
        }
        try checkNames(root)
    }

    /// Counts the key that each rule must have, before the parser makes something of each: in a hundredth of its time.
    private static func refuseTooManyRules(_ document: YAMLDocument) throws(ConfigurationError) {
        let (key, most) = (Array("direction".utf8), KernelPolicy.mostRules)
        guard document.text.utf8.count > most * key.count else { return }
        // No letter of the key is its first again: after a mismatch there is nothing to take back.
        var (line, matched, count) = (1, 0, 0)
        for byte in document.text.utf8 {
            if matched == key.count {
                if ": \"'".utf8.contains(byte) { count += 1 }
                if count > most { throw tooManyRules(ConfigurationPlace(file: document.path, line: line)) }
                matched = 0
            }
            if byte == UInt8(ascii: "\n") { line += 1 }
            matched = byte == key[matched] ? matched + 1 : byte == key[0] ? 1 : 0
        }
    }

    private static func tooManyRules(_ place: ConfigurationPlace) -> ConfigurationError {
        ConfigurationError(
            place,
            "the policy has more than \(KernelPolicy.mostRules) rules, which are the most; summarise prefixes and ranges of ports"
        )
    }

    /// Who names a group must mean one that is there: a typing error would leave a port without it.
    private func checkNames(_ root: Setting) throws(ConfigurationError) {
        let known = policy.groups.map(\.name)
        for name in try root.namesOfGroups() where !known.contains(name.text) {
            let nearest = nearestWord(to: name.text, among: known).map { "; did you mean \($0)?" } ?? ""
            throw ConfigurationError(name.place, "there is no group \"\(name.text)\"\(nearest)")
        }
    }
}

extension PolicyDocument {
    /// The addresses of the ports that have a group.
    package var members: [String: [IPAddress]] {
        ports.reduce(into: [:]) { members, port in
            for group in port.groups { members[group, default: []] += port.addresses }
        }
    }

    /// What the entries that cover a port say together: all their groups, and the mode of the first that gives one. nil
    /// where none covers it.
    package func choice(forPort name: String, tags: [String] = []) -> (
        groups: [String], mode: PolicyMode, isForced: Bool
    )? {
        let entries = ports.filter { $0.covers(name, tags: tags) }
        guard !entries.isEmpty else { return nil }
        let groups = Set(entries.flatMap(\.groups))
        return (
            policy.groups.map(\.name).filter(groups.contains), entries.lazy.compactMap(\.mode).first ?? .audit,
            entries.contains(where: \.isForced)
        )
    }
}

/// Ports that have groups in common.
package struct PolicyPort: Equatable, Sendable {
    package enum Subject: Equatable, Sendable {
        case pattern(GlobPattern)
        case tag(String)
    }

    package var subject: Subject
    package var groups: [String]
    /// nil: not said here.
    package var mode: PolicyMode?
    /// Whether it may be enforced on a port whose frames go to a switch by AF_XDP.
    package var isForced: Bool
    /// Of the machine behind it, for rules that name its groups.
    package var addresses: [IPAddress]

    package func covers(_ name: String, tags: [String]) -> Bool {
        switch subject {
        case .pattern(let pattern): pattern.matches(name)
        case .tag(let tag): tags.contains(tag)
        }
    }
}
