// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Which session takes a packet, by which rule, and why the others do not: for people.
package struct TapExplanation: Equatable, Sendable, Encodable {
    package struct Entry: Equatable, Sendable, Encodable {
        package let session: String
        package let number: UInt16
        package let takes: Bool
        /// The rule that decided; nil where none did.
        package let rule: UInt16?
        package let why: String
        /// Rules that were asked before, and why they did not match.
        package let passed: [String]
    }

    /// In the order in which they are asked.
    package let entries: [Entry]

    package var taker: Entry? { entries.first(where: \.takes) }

    /// - Parameter sessions: those of the packet's port, in the order of their numbers.
    package init(_ packet: TapPacket, by sessions: [(name: String, number: UInt16, session: TapSession)]) {
        var entries: [Entry] = []
        for (name, number, session) in sessions {
            if let taker = entries.first(where: \.takes) {
                entries.append(
                    Entry(
                        session: name, number: number, takes: false, rule: nil,
                        why: "not asked: \(taker.session) has taken it, and each packet is copied once", passed: []))
            } else {
                entries.append(Self.entry(packet, name, number, session))
            }
        }
        self.entries = entries
    }

    private static func entry(
        _ packet: TapPacket, _ name: String, _ number: UInt16, _ session: TapSession
    ) -> Entry {
        func answer(_ takes: Bool, _ rule: TapRule?, _ why: String, _ passed: [TapFilter.Passed] = []) -> Entry {
            Entry(
                session: name, number: number, takes: takes, rule: rule?.number, why: why,
                passed: passed.map { "rule \($0.rule.number) (\($0.rule.action.rawValue) \($0.rule.text)): \($0.why)" })
        }
        let way = packet.direction == .ingress ? "IN" : "OUT"
        guard !(packet.direction == .ingress ? session.ingress : session.egress).isEmpty else {
            return answer(false, nil, "it has no rule for \(way)")
        }
        if let vlans = session.vlans, !vlans.contains(packet.vlan) {
            let tag = packet.vlan == 0 ? "a frame without a VLAN tag" : "VLAN \(packet.vlan)"
            return answer(false, nil, "its vlan_filter leaves out \(tag)")
        }
        let filter = session.filter(of: packet.direction)
        let passed = filter.passed(by: packet)
        guard let rule = filter.rule(for: packet) else {
            return answer(false, nil, "no rule for \(way) matches", passed)
        }
        let what = "rule \(rule.number) for \(way) (\(rule.text))"
        return rule.action == .accept
            ? answer(true, rule, "\(what) accepts it", passed) : answer(false, rule, "\(what) rejects it", passed)
    }
}
