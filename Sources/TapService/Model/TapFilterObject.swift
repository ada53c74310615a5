// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Numbered rules that choose packets, for each direction: AWS's traffic mirror filter.
package struct TapFilterObject: TapObject {
    package static let noun = "tap filter"

    package let id: String
    package var name = ""
    package var description = ""
    package var projectID: String?
    /// By direction and number.
    package var rules: [TapFilterRule] = []
    package let created: TapOwner
    package var updated: TapOwner?

    package init(id: String, created: TapOwner) {
        self.id = id
        self.created = created
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, description, rules, created, updated
        case projectID = "project_id"
    }

    /// `rules` stands in for all rules; `add_rules` and `remove_rules` (`OUT:10`, or a number of either direction) change some.
    package mutating func take(_ fields: inout TapFields) throws(TapError) {
        try fields.take("name", into: &name, .name)
        try fields.take("description", into: &description, .description)
        try fields.take("project_id", "project", into: &projectID, .name)
        if let value = fields.take("rules", "rule") { rules = try Self.rules(value) }
        if let value = fields.take("remove_rules", "remove_rule") { try remove(value) }
        if let value = fields.take("add_rules", "add_rule") { rules += try Self.rules(value) }
        rules.sort { ($0.direction.rawValue, $0.number) < ($1.direction.rawValue, $1.number) }
    }

    package func check() throws(TapError) {
        if name.isEmpty { throw TapError(.wrong, "a tap filter needs a name (--name)") }
        for direction in [TapFlowObject.Way.ingress, .egress] {
            let numbers = rules.filter { $0.direction == direction }.map(\.number)
            if let (number, _) = zip(numbers, numbers.dropFirst()).first(where: { $0 == $1 }) {
                throw TapError(
                    .conflict,
                    "\(title) has two rules of number \(number) for \(direction.rawValue): the lowest number decides first"
                )
            }
            if numbers.count > TapPlan.mostRulesOfDirection {
                throw TapError(
                    .wrong,
                    "\(title) has \(numbers.count) rules for \(direction.rawValue): a direction has at most \(TapPlan.mostRulesOfDirection)"
                )
            }
        }
    }

    private static func rules(_ value: TapJSON) throws(TapError) -> [TapFilterRule] {
        let values: [TapJSON] = if case .list(let values) = value { values } else { [value] }
        var rules: [TapFilterRule] = []
        for value in values { rules += try TapFilterRule.read(value) }
        return rules
    }

    private mutating func remove(_ value: TapJSON) throws(TapError) {
        let values: [TapJSON] = if case .list(let values) = value { values } else { [value] }
        for value in values {
            let text = if case .text(let text) = value { text } else { value.description }
            let parts = text.split(separator: ":")
            let way = parts.count == 2 ? TapFlowObject.Way(rawValue: parts[0].uppercased()) : .both
            guard (1...2).contains(parts.count), let way, let number = UInt16(parts[parts.count - 1]) else {
                throw TapError(
                    .wrong, "a rule to remove is named by its direction and number, such as OUT:10, not \(value)")
            }
            let count = rules.count
            rules.removeAll { $0.number == number && (way == .both || $0.direction == way) }
            if rules.count == count { throw TapError(.unknown, "\(title) has no rule \(text)") }
        }
    }
}

extension TapFilterObject {
    /// The rules of one direction, in the order of their numbers.
    package func rules(of direction: Direction) -> [TapRule] {
        rules.filter { $0.direction.directions == [direction] }.map(\.rule)
    }
}
