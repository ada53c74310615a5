// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Rules that are asked one after the other, the lowest number first: the first that matches decides, and where none does, nothing is copied.
///
/// The plainest form of what the kernel's programs do by tables, to compare them with.
package struct TapFilter: Sendable {
    package struct Passed: Equatable, Sendable {
        package let rule: TapRule
        /// What in the packet is not as the rule has it.
        package let why: String
    }

    private let rules: [TapRule]

    package init(_ rules: [TapRule]) { self.rules = rules.sorted { $0.number < $1.number } }

    /// The rule that decides; nil where none matches.
    package func rule(for packet: TapPacket) -> TapRule? { rules.first { $0.mismatch(packet) == nil } }

    package func accepts(_ packet: TapPacket) -> Bool { rule(for: packet)?.action == .accept }

    /// The rules that are asked before the one that decides, and why each does not.
    package func passed(by packet: TapPacket) -> [Passed] {
        let mismatches = rules.lazy.map { (rule: $0, why: $0.mismatch(packet)) }
        return mismatches.prefix { $0.why != nil }.map { Passed(rule: $0.rule, why: $0.why ?? "") }
    }
}

extension TapRule {
    /// What in the packet is not as the rule has it; nil where it matches.
    fileprivate func mismatch(_ packet: TapPacket) -> String? {
        if let vlans, !vlans.contains(packet.vlan) {
            return packet.vlan == 0 ? "it has no VLAN tag" : "VLAN \(packet.vlan) is not \(vlans.tapText)"
        }
        let isOfAll =
            transport == nil && source == nil && destination == nil && sourcePorts == nil
            && destinationPorts == nil && flags == nil && verdict == nil
        if isOfAll { return nil }
        guard let flow = packet.flow else { return "it is no IP packet that can be read" }
        return mismatch(ofEnds: flow) ?? mismatch(ofTransport: flow) ?? mismatch(ofVerdict: flow)
    }

    private func mismatch(ofEnds flow: TapPacket.Flow) -> String? {
        if let source, !source.contains(flow.source) { return "source \(flow.source) is not in \(source)" }
        if let destination, !destination.contains(flow.destination) {
            return "destination \(flow.destination) is not in \(destination)"
        }
        return nil
    }

    private func mismatch(ofTransport flow: TapPacket.Flow) -> String? {
        if let transport, transport != flow.transport { return "it is for \(TransportNumber.name(of: transport))" }
        if sourcePorts != nil || destinationPorts != nil {
            guard let ports = flow.ports else { return "it has no ports that are known" }
            if let sourcePorts, !sourcePorts.contains(ports.source) {
                return "source port \(ports.source) is not \(sourcePorts.tapText)"
            }
            if let destinationPorts, !destinationPorts.contains(ports.destination) {
                return "destination port \(ports.destination) is not \(destinationPorts.tapText)"
            }
        }
        guard let flags else { return nil }
        guard flow.transport == TransportNumber.tcp, let bits = flow.flags else {
            return "it has no TCP flags that are known"
        }
        return bits & flags.mask == flags.flags ? nil : "its TCP flags are not \(flags.text)"
    }

    private func mismatch(ofVerdict flow: TapPacket.Flow) -> String? {
        switch verdict {
        case nil: nil
        case .accept: flow.isRefused ? "the policy refuses it" : nil
        case .reject: flow.isRefused ? nil : "the policy does not refuse it"
        }
    }
}

extension TapSession {
    package func filter(of direction: Direction) -> TapFilter { TapFilter(direction == .ingress ? ingress : egress) }

    package func takes(_ packet: TapPacket) -> Bool {
        vlans?.contains(packet.vlan) != false && filter(of: packet.direction).accepts(packet)
    }
}

extension TapPlan {
    /// Which of a port's sessions takes a packet: the first whose rules accept it, and no other.
    package func use(of packet: TapPacket, at port: PortNumber) -> TapUse? {
        uses[port]?.first { sessions[$0.session].takes(packet) }
    }
}
