// SPDX-License-Identifier: Apache-2.0

/// What actions have made of a packet before the switch looks at it again.
package struct PacketRewrite: Equatable, Sendable {
    /// What they have set, and to what.
    private var values = MegaflowKey()
    private var known = MegaflowKey()
    /// What may be different, and is not known.
    private var unknown = MegaflowKey()

    static let nothing = PacketRewrite()

    var isNothing: Bool { self == Self.nothing }

    mutating func set(_ match: MegaflowMatch) {
        values = values.subtracting(match.mask).union(match.key.masked(by: match.mask))
        known = known.union(match.mask)
        unknown = unknown.subtracting(match.mask)
    }

    mutating func blur(_ bits: MegaflowKey) {
        values = values.subtracting(bits)
        known = known.subtracting(bits)
        unknown = unknown.union(bits)
    }

    /// Nothing but the port is as it was.
    mutating func blurAll() {
        var bits = MegaflowKey.all
        bits.place = 0
        blur(bits)
    }

    /// - Parameter knownBits: those of the key that are known.
    func apply(to key: inout MegaflowKey, knownBits: inout MegaflowKey) {
        key = key.subtracting(known).union(values)
        knownBits = knownBits.union(known).subtracting(unknown)
    }
}
