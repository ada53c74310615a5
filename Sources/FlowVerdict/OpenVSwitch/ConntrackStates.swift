// SPDX-License-Identifier: Apache-2.0

/// What a megaflow asks of conntrack's word on a packet (`ct_state`): the bits that it compares, and how they must be. The bits
/// are those of `OVS_CS_F_*`.
package struct ConntrackStates: Equatable, Sendable {
    var value: UInt16 = 0
    var mask: UInt16 = 0

    static let new: UInt16 = 0x01
    static let established: UInt16 = 0x02
    static let related: UInt16 = 0x04
    static let reply: UInt16 = 0x08
    static let invalid: UInt16 = 0x10
    static let tracked: UInt16 = 0x20

    static let bits: [String: UInt16] = [
        "new": new, "est": established, "rel": related, "rpl": reply, "inv": invalid, "trk": tracked, "snat": 0x40,
        "dnat": 0x80,
    ]

    /// Whether packets of that state can meet it, whichever way they go, related or not, translated or not.
    func allows(_ state: UInt16) -> Bool {
        (value ^ state) & mask & (Self.new | Self.established | Self.invalid | Self.tracked) == 0
    }

    var allowsNew: Bool { allows(Self.tracked | Self.new) }
    var allowsEstablished: Bool { allows(Self.tracked | Self.established) }
}
