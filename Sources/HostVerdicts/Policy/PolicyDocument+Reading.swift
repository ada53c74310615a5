// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
package import FlowVerdict
package import Foundation
package import WeirConfiguration

/// How a policy file becomes a policy.
extension PolicyDocument {
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
        self.init(policy: SecurityPolicy(groups: []), ports: [])
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

    /// A group that is named must exist: a typing error would leave a port without it.
    private func checkNames(_ root: Setting) throws(ConfigurationError) {
        let known = policy.groups.map(\.name)
        for name in try root.namesOfGroups() where !known.contains(name.text) {
            let nearest = nearestWord(to: name.text, among: known).map { "; did you mean \($0)?" } ?? ""
            throw ConfigurationError(name.place, "there is no group \"\(name.text)\"\(nearest)")
        }
    }
}
