// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowVerdict

/// Which rule decides, and why those before it do not: as JSON has it, and as text.
struct ExplanationFacts: Encodable {
    struct Passed: Encodable {
        let rule: String
        let why: String
    }

    let port: String
    let groups: [String]
    let mode: String
    let rule: String
    let action: String
    let priority: Int?
    let passed: [Passed]

    init(_ explanation: PolicyExplanation, port: String, groups: [String], mode: PolicyMode) {
        self.port = port
        self.groups = groups
        self.mode = mode.rawValue
        rule = explanation.decided.name
        action = "\(explanation.decided.action)"
        priority = explanation.decided.priority == .min ? nil : explanation.decided.priority
        passed = explanation.passed.map { Passed(rule: $0.rule.name, why: $0.why) }
    }

    var text: String {
        let names = groups.isEmpty ? "no group" : groups.joined(separator: ", ")
        let isPassed =
            passed.isEmpty
            ? [] : ["passed:"] + TextTable(rows: passed.map { ["  \($0.rule)", $0.why] }, rightAligned: 0..<0).lines
        let consequence =
            switch (action, mode) {
            case ("allow", _): "allowed"
            case (_, "enforce"): "dropped"
            default: "allowed all the same: the port is only audited"
            }
        return (["\(port) has \(names), \(mode)"] + isPassed + ["decides: \(rule), \(action): \(consequence)"])
            .joined(separator: "\n")
    }
}
