// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict

/// What a policy says of a port's flows, written down from its rules as plainly as can be: what the kernel is compared with.
///
/// Connections never grow old.
struct PolicyReference {
    /// The first rule that matches a key.
    private let find: (PolicyKey) -> PolicyRule?
    private let port: PortPolicy
    /// Who has begun each connection.
    private var connections: [Connection: Direction] = [:]

    struct Judgement: Equatable {
        var ruling: Ruling
        var rule: UInt16
    }

    /// Either direction of it is the same.
    private struct Connection: Hashable {
        let machine: IPAddress
        let peer: IPAddress
        let machinePort: UInt16
        let peerPort: UInt16
        let transport: UInt8
        let vlans: [UInt16]
        /// Of ICMP: who asks.
        let asks: Direction?
    }

    /// Goes through the rules one by one.
    init(linear policy: KernelPolicy, for port: PortPolicy) {
        let rules = policy.rules.enumerated()
            .sorted { ($1.element.priority, $0.offset) < ($0.element.priority, $1.offset) }.map(\.element)
        find = { key in
            rules.first { rule in
                key.masked(by: rule.mask) == rule.key.masked(by: rule.mask)
                    && !(key.isFragmentWithoutFlow && rule.mask.ports != 0)
            }
        }
        self.port = port
    }

    /// Asks the classifier.
    init(classifier policy: KernelPolicy, for port: PortPolicy) {
        var space = TupleSpace<PolicyKey, PolicyRule>(seed: 1)
        for rule in policy.rules {
            var (key, mask) = (rule.key, rule.mask)
            if mask.ports != 0 {
                mask.rest |= PolicyKey.fragment
                key.rest &= ~PolicyKey.fragment
            }
            space.insert(key, mask: mask, priority: rule.priority, rule)
        }
        find = { [space] in space.lookup($0)?.value }
        self.port = port
    }

    private func rule(on flow: FlowKey) -> PolicyRule? { find(PolicyKey(flow, set: port.set)) }

    /// Takes another policy; connections stay.
    mutating func change(to other: PolicyReference) {
        let connections = connections
        self = other
        self.connections = connections
    }

    var connectionCount: Int { connections.count }

    /// Judges a packet of the flow, and remembers what that allows.
    mutating func judge(_ flow: FlowKey) -> Judgement {
        if Self.isExempt(flow) { return Judgement(ruling: .none, rule: 0) }
        let rule = rule(on: flow)
        if let rule, rule.action == .allow {
            if rule.isStateful { note(flow) }
            return Judgement(ruling: .accept, rule: rule.number)
        }
        if let answered = answered(flow) { return Judgement(ruling: .accept, rule: answered.number) }
        return Judgement(ruling: port.mode == .enforce ? .drop : .reject, rule: rule?.number ?? 0)
    }

    private mutating func note(_ flow: FlowKey) {
        guard let connection = Self.connection(of: flow), connections[connection] == nil else { return }
        if Self.isICMP(flow), connection.asks != flow.direction { return }
        connections[connection] = flow.direction
    }

    /// The rule on what the flow answers, where that was allowed, and is.
    private func answered(_ flow: FlowKey) -> PolicyRule? {
        guard let connection = Self.connection(of: flow), let begun = connections[connection], begun != flow.direction,
            let rule = rule(on: Self.reversed(flow)), rule.action == .allow, rule.isStateful
        else { return nil }
        return rule
    }
}

extension PolicyReference {
    /// DHCP of the machine's own, and what IPv6 needs to find neighbours and listeners.
    private static func isExempt(_ flow: FlowKey) -> Bool {
        let ports = (flow.sourcePort, flow.destinationPort)
        let (fromMachine, toMachine): ((UInt16, UInt16), (UInt16, UInt16)) =
            flow.version == .v4 ? ((68, 67), (67, 68)) : ((546, 547), (547, 546))
        if flow.transport == TransportNumber.udp {
            return flow.direction == .egress ? ports == fromMachine : ports == toMachine
        }
        guard flow.transport == TransportNumber.icmpv6, flow.version == .v6 else { return false }
        return exempt[flow.direction]?.contains(flow.sourcePort) ?? false
    }

    /// RFC 2710, 3810, 4861: neighbours both ways; to the machine what routers say, from it what routers hear.
    private static let exempt: [Direction: Set<UInt16>] = [
        .ingress: [130, 134, 135, 136, 137], .egress: [131, 132, 133, 135, 136, 143],
    ]

    private static func isICMP(_ flow: FlowKey) -> Bool {
        flow.transport == (flow.version == .v4 ? TransportNumber.icmp : TransportNumber.icmpv6)
    }

    private static let requests: [IPVersion: [UInt16: UInt16]] = [.v4: [8: 0, 13: 14], .v6: [128: 129]]

    private static func connection(of flow: FlowKey) -> Connection? {
        if flow.isFragmentWithoutFlow { return nil }
        if isICMP(flow) { return connection(ofICMP: flow) }
        let isOut = flow.direction == .egress
        return Connection(
            machine: isOut ? flow.source : flow.destination, peer: isOut ? flow.destination : flow.source,
            machinePort: isOut ? flow.sourcePort : flow.destinationPort,
            peerPort: isOut ? flow.destinationPort : flow.sourcePort, transport: flow.transport,
            vlans: [flow.vlanID, flow.innerVLANID], asks: nil)
    }

    private static func connection(ofICMP flow: FlowKey) -> Connection? {
        let requests = requests[flow.version] ?? [:]
        let isRequest = requests[flow.sourcePort] != nil
        guard let request = isRequest ? flow.sourcePort : requests.first(where: { $0.value == flow.sourcePort })?.key
        else { return nil }
        let isOut = flow.direction == .egress
        return Connection(
            machine: isOut ? flow.source : flow.destination, peer: isOut ? flow.destination : flow.source,
            machinePort: request, peerPort: isRequest ? flow.destinationPort : 0, transport: flow.transport,
            vlans: [flow.vlanID, flow.innerVLANID], asks: isRequest == isOut ? .egress : .ingress)
    }

    /// The flow that this one answers.
    static func reversed(_ flow: FlowKey) -> FlowKey {
        var reversed = flow
        (reversed.source, reversed.destination) = (flow.destination, flow.source)
        (reversed.sourcePort, reversed.destinationPort) = (flow.destinationPort, flow.sourcePort)
        reversed.direction = flow.direction == .egress ? .ingress : .egress
        if isICMP(flow) {
            let pairs = requests[flow.version] ?? [:]
            reversed.sourcePort = pairs[flow.sourcePort] ?? pairs.first { $0.value == flow.sourcePort }?.key ?? 0
            reversed.destinationPort = 0
        }
        return reversed
    }
}

extension PolicyKey {
    /// In the last word.
    fileprivate static let fragment = UInt64(fragmentWithoutFlow) << 24

    fileprivate var isFragmentWithoutFlow: Bool { rest & Self.fragment != 0 }
}
