// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// The kinds of objects that there are, as paths of the control socket name them.
package enum TapKind: String, Sendable, CaseIterable, Codable {
    case services, flows, mirrors, filters

    package var noun: String {
        switch self {
        case .services: TapServiceObject.noun
        case .flows: TapFlowObject.noun
        case .mirrors: TapMirrorObject.noun
        case .filters: TapFilterObject.noun
        }
    }

    /// Around an object in JSON, as OpenStack has it.
    package var key: String { noun.replacing(" ", with: "_") }
}

/// What of the host a request or a plan depends on.
package struct TapSurroundings: Sendable {
    /// Interfaces that are no ports can be destinations, too.
    package struct Interface: Equatable, Sendable {
        package var index: UInt32
        package var identity: PortIdentity

        package init(index: UInt32, identity: PortIdentity = PortIdentity()) {
            self.index = index
            self.identity = identity
        }
    }

    package var ports: [TapPort]
    /// The interface of that name in the ports' network namespace, as it is now.
    package var interface: @Sendable (String) -> Interface?
    /// Of outer headers, where a tap service says nothing.
    package var dscp: UInt8
    /// By which copies to other hosts leave, as far as that is known.
    package var egress: String?
    /// Whose this host is: a destination on another host, of which nothing else is said, is of the same.
    package var account: String?

    package init(
        ports: [TapPort] = [], dscp: UInt8 = 0, egress: String? = nil, account: String? = nil,
        interface: @escaping @Sendable (String) -> Interface? = { _ in nil }
    ) {
        self.ports = ports
        self.dscp = dscp
        self.egress = egress
        self.account = account
        self.interface = interface
    }

    package func destination(_ name: String) -> Interface? {
        ports.first { $0.name == name || $0.identity.interfaceID == name }
            .map { Interface(index: $0.interfaceIndex, identity: $0.identity) } ?? interface(name)
    }

    /// Whose something is, in a sentence.
    static func owner(_ project: String?) -> String {
        project.map { "project \($0)" } ?? "no project that is known"
    }
}
