// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowVerdict

/// A policy in force, as text and as JSON has it.
struct PolicyText {
    struct Facts: Encodable {
        let file: String
        let version: Int
        let groups: Int
        let rules: [Rule]
        let kernelRules: Int
        let masks: Int
        let ports: [PolicyPortReport]

        enum CodingKeys: String, CodingKey {
            case file, version, groups, rules, masks, ports
            case kernelRules = "kernel_rules"
        }
    }

    struct Rule: Encodable {
        let name: String
        let direction: String
        let action: String
        let priority: Int
        let match: String
        let stateful: Bool
    }

    private let report: PolicyReport

    init(_ report: PolicyReport) { self.report = report }

    var facts: Facts {
        Facts(
            file: report.path, version: report.version, groups: report.document.policy.groups.count, rules: rules,
            kernelRules: report.kernelRules, masks: report.masks, ports: report.ports)
    }

    var text: String {
        let head = """
            \(report.path), version \(report.version): \(counted(report.kernelRules, "rule")) of \(counted(report.masks, "mask")) in the kernel
            """
        guard !report.ports.isEmpty else { return head + "\nno port that is attached has a policy" }
        let rows = report.ports.map { port in
            [port.port, port.mode, port.groups.isEmpty ? "-" : port.groups.joined(separator: ", ")]
        }
        let remarks = report.ports.filter(\.isOnlyAudited).map { port in
            "\(port.port): only audited, since its frames go to a switch by AF_XDP; force: true enforces on those from it"
        }
        let table = TextTable(rows: [["PORT", "MODE", "GROUPS"]] + rows, rightAligned: 0..<0).lines
        return ([head, ""] + table + remarks).joined(separator: "\n")
    }

    var textWithRules: String {
        let rows = rules.map { rule in
            [rule.name, rule.direction, rule.action, "\(rule.priority)", rule.match, rule.stateful ? "yes" : "no"]
        }
        let header = ["RULE", "DIRECTION", "ACTION", "PRIORITY", "MATCHES", "STATEFUL"]
        return ([text, ""] + TextTable(rows: [header] + rows, rightAligned: 3..<4).lines).joined(separator: "\n")
    }

    private var rules: [Rule] {
        report.document.policy.groups.flatMap(\.rules).map { rule in
            Rule(
                name: rule.name, direction: "\(rule.direction)", action: "\(rule.action)", priority: rule.priority,
                match: rule.matchText, stateful: rule.isStateful)
        }
    }
}

extension SecurityGroupRule {
    /// What it matches, in the words of the file.
    fileprivate var matchText: String {
        var words: [String] = []
        if let version { words.append(version.name) }
        words.append(transport.map { TransportNumber.name(of: $0) } ?? "any")
        if let ends { words.append(ends.text) }
        switch remote {
        case .any: break
        case .prefix(let prefix): words.append("\(direction == .ingress ? "from" : "to") \(prefix)")
        case .group(let name): words.append("\(direction == .ingress ? "from" : "to") group \(name)")
        }
        return words.joined(separator: " ")
    }
}
