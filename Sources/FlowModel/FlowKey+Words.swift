// SPDX-License-Identifier: Apache-2.0

/// A key in words of 64 bits: the addresses' halves, and these two. What compares and hashes keys does it by them.
///
/// Inlinable, since the tables of other rooms do it for every record.
extension FlowKey {
    /// The ports, Weir's port, transport and direction.
    @inlinable @inline(__always) package var ends: UInt64 {
        let ports = UInt64(sourcePort) | UInt64(destinationPort) << 16
        return ports | UInt64(port.rawValue) << 32 | UInt64(transport) << 48 | UInt64(direction.bit) << 56
    }

    /// The tags, the addresses' versions and the fragment's mark.
    @inlinable @inline(__always) package var link: UInt64 {
        let versions = source.version.bit | destination.version.bit << 1
        return UInt64(vlanID) | UInt64(innerVLANID) << 16 | UInt64(versions) << 32
            | (isFragmentWithoutFlow ? 1 << 40 : 0)
    }

    @inlinable @inline(__always) package static func == (left: Self, right: Self) -> Bool {
        left.source.low == right.source.low && left.destination.low == right.destination.low
            && left.ends == right.ends && left.link == right.link && left.source.high == right.source.high
            && left.destination.high == right.destination.high
    }
}

extension Direction {
    /// Its raw value, which the compiler calls a function for.
    @inlinable @inline(__always) package var bit: UInt8 {
        switch self {
        case .ingress: 0
        case .egress: 1
        }
    }
}

extension IPVersion {
    @inlinable @inline(__always) package var bit: UInt8 {
        switch self {
        case .v4: 0
        case .v6: 1
        }
    }
}
