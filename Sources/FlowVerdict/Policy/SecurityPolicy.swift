// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// All groups, and what holds where none of a port's rules matches.
package struct SecurityPolicy: Equatable, Sendable {
    package var groups: [SecurityGroup]
    /// AWS and OpenStack have new groups refuse what comes in and allow what goes out; so has this.
    package var defaultIngress: PolicyAction
    package var defaultEgress: PolicyAction
    /// Ethernet types of frames that pass although they are not IP; 1 stands for frames with a length in place of a type.
    package var etherTypes: [UInt16]

    package init(
        groups: [SecurityGroup], defaultIngress: PolicyAction = .deny, defaultEgress: PolicyAction = .allow,
        etherTypes: [UInt16] = []
    ) {
        self.groups = groups
        self.defaultIngress = defaultIngress
        self.defaultEgress = defaultEgress
        self.etherTypes = etherTypes
    }

    /// The rules of those groups in the order in which they are asked, the last resort last.
    package func rules(of names: [String]) -> [SecurityGroupRule] {
        let chosen = groups.filter { names.contains($0.name) }.flatMap(\.rules)
        let sorted = chosen.enumerated().sorted { left, right in
            let (one, other) = (left.element, right.element)
            if one.priority != other.priority { return one.priority > other.priority }
            if one.action != other.action { return one.action == .deny }
            return left.offset < right.offset
        }
        return sorted.map(\.element) + Direction.allCases.map(lastResort)
    }

    private func lastResort(_ direction: Direction) -> SecurityGroupRule {
        let action = direction == .ingress ? defaultIngress : defaultEgress
        return SecurityGroupRule(
            name: "\(Self.lastResortGroup)/\(direction)", direction: direction, action: action, priority: .min)
    }

    /// What the rules of the last resort are said to belong to; no group can have that name.
    package static let lastResortGroup = "default"
}
