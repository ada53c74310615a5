// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What a rule of a policy compares, in the words of `struct weir_flow_key` as the kernel composes them
/// (`bpf/lib/flow_key.bpf.h`): addresses and transport ports in wire order, on a little-endian machine.
///
/// | word | what |
/// |---|---|
/// | 0, 1 | source address; of IPv4 the lower half of word 0 |
/// | 2, 3 | destination address |
/// | 4 | source port, destination port from bit 16 on; ICMP: type and code |
/// | 5 | number of the set of rules; protocol from bit 16, kind from bit 24 on |
package struct PolicyKey: TernaryKey, Hashable {
    package var sourceHigh: UInt64
    package var sourceLow: UInt64
    package var destinationHigh: UInt64
    package var destinationLow: UInt64
    package var ports: UInt64
    package var rest: UInt64

    package static let zero = PolicyKey(words: (0, 0, 0, 0, 0, 0))

    /// `WEIR_KEY_IPV6`, `WEIR_KEY_EGRESS` and `WEIR_KEY_FRAGMENT_WITHOUT_FLOW`.
    package static let ipv6: UInt8 = 1
    package static let egress: UInt8 = 2
    package static let fragmentWithoutFlow: UInt8 = 4

    package init(words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)) {
        (sourceHigh, sourceLow, destinationHigh, destinationLow, ports, rest) = words
    }

    /// Of the packets of a flow, judged by that set.
    package init(_ flow: FlowKey, set: UInt16) {
        (sourceHigh, sourceLow) = flow.source.wireWords
        (destinationHigh, destinationLow) = flow.destination.wireWords
        ports = UInt64(flow.sourcePort.bigEndian) | UInt64(flow.destinationPort.bigEndian) << 16
        var kind: UInt8 = flow.version == .v6 ? Self.ipv6 : 0
        if flow.direction == .egress { kind |= Self.egress }
        if flow.isFragmentWithoutFlow { kind |= Self.fragmentWithoutFlow }
        rest = UInt64(set) | UInt64(flow.transport) << 16 | UInt64(kind) << 24
    }

    package var words: [UInt64] { [sourceHigh, sourceLow, destinationHigh, destinationLow, ports, rest] }

    @inline(__always)
    package func masked(by mask: PolicyKey) -> PolicyKey {
        PolicyKey(
            words: (
                sourceHigh & mask.sourceHigh, sourceLow & mask.sourceLow, destinationHigh & mask.destinationHigh,
                destinationLow & mask.destinationLow, ports & mask.ports, rest & mask.rest
            ))
    }

    @inline(__always)
    package func hash(seed: UInt64) -> UInt64 {
        var hash = WordHash(seed: seed)
        hash.add(sourceHigh)
        hash.add(sourceLow)
        hash.add(destinationHigh)
        hash.add(destinationLow)
        hash.add(ports)
        hash.add(rest)
        return hash.value
    }
}

extension IPAddress {
    /// Its bytes as they lie in memory, in wire order, as two words of a little-endian machine.
    package var wireWords: (UInt64, UInt64) {
        switch version {
        case .v4: (UInt64(UInt32(truncatingIfNeeded: low).bigEndian), 0)
        case .v6: (high.bigEndian, low.bigEndian)
        }
    }
}
