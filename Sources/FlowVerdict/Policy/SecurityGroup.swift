// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Rules that belong together, and that ports are given as one: what OpenStack and AWS call a security group.
package struct SecurityGroup: Equatable, Sendable {
    package var name: String
    package var rules: [SecurityGroupRule]

    package init(name: String, rules: [SecurityGroupRule]) {
        self.name = name
        self.rules = rules
    }
}

/// One rule of a group, in the words of OpenStack's Networking API (`security-group-rules`).
package struct SecurityGroupRule: Equatable, Sendable {
    /// The other end: where packets to the machine come from, or where its own go to.
    package enum Remote: Hashable, Sendable {
        case any
        case prefix(AddressPrefix)
        /// The addresses of the ports that have this group.
        case group(String)
    }

    /// What a rule says of the ends within the transport; nil says nothing.
    package enum Ends: Hashable, Sendable {
        /// Destination ports.
        case ports(ClosedRange<UInt16>)
        /// The type of ICMP, and its code where that matters.
        case icmp(type: UInt8, code: UInt8?)
    }

    /// With its group's: `web/https`.
    package var name: String
    /// As the machine sees it.
    package var direction: Direction
    /// nil is both.
    package var version: IPVersion?
    /// IANA protocol number; nil is any.
    package var transport: UInt8?
    package var ends: Ends?
    package var remote: Remote
    package var action: PolicyAction
    /// The highest decides; of equal ones those that deny, then the one that comes first.
    package var priority: Int
    /// Whether replies to what it allows are allowed, too.
    package var isStateful: Bool

    package init(
        name: String, direction: Direction, version: IPVersion? = nil, transport: UInt8? = nil, ends: Ends? = nil,
        remote: Remote = .any, action: PolicyAction = .allow, priority: Int = 0, isStateful: Bool = true
    ) {
        self.name = name
        self.direction = direction
        self.version = version
        self.transport = transport
        self.ends = ends
        self.remote = remote
        self.action = action
        self.priority = priority
        self.isStateful = isStateful
    }
}
