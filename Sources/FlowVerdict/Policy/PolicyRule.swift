// SPDX-License-Identifier: Apache-2.0

package enum PolicyAction: UInt8, Sendable, CaseIterable {
    case allow, deny
}

/// One rule as the kernel has it: what a rule of the file becomes for one address family, one prefix and one part of a
/// range of ports.
package struct PolicyRule: Equatable, Sendable {
    package var key: PolicyKey
    package var mask: PolicyKey
    /// The highest that matches decides; of equal ones the first.
    package var priority: Int
    package var action: PolicyAction
    /// Whether replies to what it allows are allowed, too.
    package var isStateful: Bool
    /// What the kernel calls the rule of the file that it comes from; 1 and up, and the same for all that come from one.
    package var number: UInt16

    package init(
        key: PolicyKey, mask: PolicyKey, priority: Int, action: PolicyAction, isStateful: Bool = true, number: UInt16
    ) {
        self.key = key
        self.mask = mask
        self.priority = priority
        self.action = action
        self.isStateful = isStateful
        self.number = number
    }
}

/// Whether a policy only says what it would do.
package enum PolicyMode: String, Sendable, CaseIterable, Codable {
    case audit, enforce
}

/// What holds for one port.
package struct PortPolicy: Equatable, Sendable {
    /// The number of its set of rules: ports of the same groups share one.
    package var set: UInt16
    package var mode: PolicyMode

    package init(set: UInt16, mode: PolicyMode) {
        self.set = set
        self.mode = mode
    }
}

/// A policy as the kernel has it. What no rule of a set matches is for the set's own last rules, one for each direction and
/// address family, which are rules as the others: a set decides everything.
package struct KernelPolicy: Equatable, Sendable {
    /// In the order of the file.
    package var rules: [PolicyRule]
    /// What passes on all ports with a policy although it is not IP, beside ARP.
    package var etherTypes: [UInt16]

    package static let mostRules = 65_535
    package static let mostMasks = 256
    package static let mostEtherTypes = 16

    package init(rules: [PolicyRule], etherTypes: [UInt16] = []) {
        self.rules = rules
        self.etherTypes = etherTypes
    }
}
