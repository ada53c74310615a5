// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A key in words of 64 bits, the addresses' halves and these two, by which tables hash and compare it.
///
/// Here and not with the key, since the optimiser does not inline what is `package` in another module: a merge would be
/// a dozen calls.
extension FlowKey {
    /// The ports, Weir's port, transport and direction.
    var ends: UInt64 {
        let ports = UInt64(sourcePort) | UInt64(destinationPort) << 16
        return ports | UInt64(port.rawValue) << 32 | UInt64(transport) << 48 | UInt64(direction.bit) << 56
    }

    /// The tags, the addresses' versions and the fragment's mark.
    var link: UInt64 {
        let versions = source.version.bit | destination.version.bit << 1
        return UInt64(vlanID) | UInt64(innerVLANID) << 16 | UInt64(versions) << 32
            | (isFragmentWithoutFlow ? 1 << 40 : 0)
    }

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

extension IPVersion {
    fileprivate var bit: UInt8 {
        switch self {
        case .v4: 0
        case .v6: 1
        }
    }
}
