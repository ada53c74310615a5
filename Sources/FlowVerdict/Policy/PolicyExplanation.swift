// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Which rule decides about a flow, and why those that are asked before it do not: for people.
package struct PolicyExplanation: Equatable, Sendable {
    package struct Passed: Equatable, Sendable {
        package let rule: SecurityGroupRule
        /// What in the flow is not as the rule has it.
        package let why: String
    }

    /// In the order in which they were asked.
    package let passed: [Passed]
    package let decided: SecurityGroupRule

    /// - Parameters:
    ///   - groups: those of the flow's port.
    ///   - members: the addresses of the ports that have a group.
    package init(
        _ flow: FlowKey, by policy: SecurityPolicy, groups: [String], members: [String: [IPAddress]] = [:]
    ) {
        var passed: [Passed] = []
        let rules = policy.rules(of: groups)
        for rule in rules {
            guard let why = rule.mismatch(flow, members) else {
                self.passed = passed
                decided = rule
                return
            }
            passed.append(Passed(rule: rule, why: why))
        }
        preconditionFailure("the rules of the last resort match every flow")
    }
}

extension SecurityGroupRule {
    /// What in the flow is not as the rule has it; nil where it matches.
    func mismatch(_ flow: FlowKey, _ members: [String: [IPAddress]]) -> String? {
        if flow.direction != direction { return "it is for \(direction)" }
        return mismatch(ofTransport: flow) ?? mismatch(ofRemote: flow, members) ?? mismatch(ofEnds: flow)
    }

    private func mismatch(ofTransport flow: FlowKey) -> String? {
        if let version, version != flow.version { return "it is for \(version.name)" }
        guard let transport else { return nil }
        // ICMP is of IPv4 and ICMPv6 of IPv6, whatever a packet says.
        let isOtherICMP = transport == TransportNumber.icmp && flow.version == .v6
        let isOtherICMPv6 = transport == TransportNumber.icmpv6 && flow.version == .v4
        guard transport == flow.transport, !isOtherICMP, !isOtherICMPv6 else {
            return "it is for \(TransportNumber.name(of: transport))"
        }
        return nil
    }

    private func mismatch(ofRemote flow: FlowKey, _ members: [String: [IPAddress]]) -> String? {
        let other = direction == .ingress ? flow.source : flow.destination
        switch remote {
        case .any: return nil
        case .prefix(let prefix): return prefix.contains(other) ? nil : "\(other) is not in \(prefix)"
        case .group(let name):
            return members[name]?.contains(other) == true ? nil : "\(other) is no address of a port in group \(name)"
        }
    }

    private func mismatch(ofEnds flow: FlowKey) -> String? {
        guard let ends, ends != .ports(.min ... .max) else { return nil }
        if flow.isFragmentWithoutFlow { return "the ports of a fragment without its flow are not known" }
        switch ends {
        case .ports(let range):
            return range.contains(flow.destinationPort)
                ? nil : "destination port \(flow.destinationPort) is not \(range.text)"
        case .icmp(let type, let code):
            let isSame = flow.sourcePort == UInt16(type) && code.map { flow.destinationPort == UInt16($0) } ?? true
            return isSame ? nil : "type \(flow.sourcePort), code \(flow.destinationPort) is not \(ends.text)"
        }
    }
}

extension SecurityGroupRule.Ends {
    /// As the file has it.
    package var text: String {
        switch self {
        case .ports(let range): range.text
        case .icmp(let type, nil): "type \(type)"
        case .icmp(let type, let code?): "type \(type), code \(code)"
        }
    }
}

extension ClosedRange<UInt16> {
    fileprivate var text: String { lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}

extension IPVersion {
    /// AWS's and OpenStack's word.
    package var name: String {
        switch self {
        case .v4: "IPv4"
        case .v6: "IPv6"
        }
    }
}
