// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A key in words of 64 bits, the addresses' halves and these two, by which tables hash and compare it.
///
/// Here and not with the key, since the optimiser does not inline what is `package` in another module: a merge would be
/// a dozen calls.
extension FlowKey {
    /// The ports, Weir's port, transport; then single bits: the direction, the addresses' versions, the fragment's mark, and
    /// in two what the policy said.
    var ends: UInt64 {
        let ports = UInt64(sourcePort) | UInt64(destinationPort) << 16
        let versions = source.version.bit << 1 | destination.version.bit << 2
        let bits = direction.bit | versions | (isFragmentWithoutFlow ? 1 << 3 : 0) | ruling.bits << 4
        return ports | UInt64(port.rawValue) << 32 | UInt64(transport) << 48 | UInt64(bits) << 56
    }

    /// The tags and the rule: 48 bits.
    var link: UInt64 { UInt64(vlanID) | UInt64(innerVLANID) << 16 | UInt64(rule) << 32 }

    /// The same as `==`.
    func isSame(as other: FlowKey) -> Bool {
        source.low == other.source.low && destination.low == other.destination.low && ends == other.ends
            && link == other.link && source.high == other.source.high && destination.high == other.destination.high
    }
}

extension Direction {
    /// Its raw value, which is a call.
    var bit: UInt8 {
        switch self {
        case .ingress: 0
        case .egress: 1
        }
    }
}

extension Ruling {
    /// Its raw value, which is a call.
    fileprivate var bits: UInt8 {
        switch self {
        case .none: 0
        case .accept: 1
        case .reject: 2
        case .drop: 3
        }
    }

    /// Of two bits.
    @inline(__always)
    init(bits: UInt64) {
        self =
            switch bits & 3 {
            case 0: .none
            case 1: .accept
            case 2: .reject
            default: .drop
            }
    }
}

extension IPVersion {
    fileprivate var bit: UInt8 {
        switch self {
        case .v4: 0
        case .v6: 1
        }
    }
}
