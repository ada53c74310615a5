// SPDX-License-Identifier: Apache-2.0

/// Nanoseconds that a policy takes more than no policy, at the TC hook: rules of so many masks, all of which are gone through, and
/// a connection for each flow.
package struct PolicyFigure: Codable, Sendable {
    package let masks: Int
    package let rules: Int
    /// The first packet of a flow, which is judged.
    package let firstPacket: Figure
    /// Packets of flows that are judged.
    package let laterPackets: Figure

    package init(masks: Int, rules: Int, firstPacket: Figure, laterPackets: Figure) {
        self.masks = masks
        self.rules = rules
        self.firstPacket = firstPacket
        self.laterPackets = laterPackets
    }

    enum CodingKeys: String, CodingKey {
        case masks, rules
        case firstPacket = "first_packet"
        case laterPackets = "later_packets"
    }
}
