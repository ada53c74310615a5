// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A key and the bits of it that are compared: one half of a rule.
package struct TernaryValue: Hashable, Sendable {
    package var key: PolicyKey
    package var mask: PolicyKey
}

extension SecurityGroupRule {
    /// All that the rule matches, for a set of rules: a value for each IP version, network and part of a range of ports.
    ///
    /// - Parameter members: the addresses of the ports that have a group.
    package func values(set: UInt16, members: (String) -> [IPAddress]) -> [TernaryValue] {
        let versions = version.map { [$0] } ?? [IPVersion.v4, .v6]
        return versions.flatMap { version -> [TernaryValue] in
            guard matchesTransport(of: version) else { return [] }
            let base = TernaryValue(set: set, direction: direction, version: version, transport: transport)
            return remotes(version, members).flatMap { remote in
                let value = remote.map { base.comparing($0, isSource: direction == .ingress) } ?? base
                return endValues.map { value.comparing($0) }
            }
        }
    }

    /// ICMP is of IPv4 and ICMPv6 of IPv6: a rule for the one says nothing of the other.
    private func matchesTransport(of version: IPVersion) -> Bool {
        switch transport {
        case TransportNumber.icmp: version == .v4
        case TransportNumber.icmpv6: version == .v6
        default: true
        }
    }

    /// nil is any.
    private func remotes(_ version: IPVersion, _ members: (String) -> [IPAddress]) -> [AddressPrefix?] {
        switch remote {
        case .any: return [nil]
        case .prefix(let prefix): return prefix.address.version == version ? [prefix] : []
        case .group(let name):
            let addresses = Set(members(name)).filter { $0.version == version }
            return addresses.sorted { $0.description < $1.description }
                .map { AddressPrefix($0, length: version.addressBits) }
        }
    }

    /// What is compared of the key's ports, in wire order.
    private var endValues: [(value: UInt64, mask: UInt64)] {
        switch ends {
        case nil: [(0, 0)]
        case .ports(let range):
            range.prefixes.map { (UInt64($0.value.bigEndian) << 16, UInt64($0.mask.bigEndian) << 16) }
        case .icmp(let type, nil): [(UInt64(UInt16(type).bigEndian), 0xffff)]
        case .icmp(let type, let code?):
            [(UInt64(UInt16(type).bigEndian) | UInt64(UInt16(code).bigEndian) << 16, 0xffff_ffff)]
        }
    }
}

extension TernaryValue {
    fileprivate init(set: UInt16, direction: Direction, version: IPVersion, transport: UInt8?) {
        key = .zero
        mask = .zero
        let kind = (direction == .egress ? PolicyKey.egress : 0) | (version == .v6 ? PolicyKey.ipv6 : 0)
        key.rest = UInt64(set) | UInt64(kind) << 24
        mask.rest = 0xffff | UInt64(PolicyKey.egress | PolicyKey.ipv6) << 24
        if let transport {
            key.rest |= UInt64(transport) << 16
            mask.rest |= 0xff << 16
        }
    }

    fileprivate func comparing(_ prefix: AddressPrefix, isSource: Bool) -> TernaryValue {
        let ones = IPAddress.leadingOnes(prefix.length, prefix.address.version).wireWords
        let address = prefix.address.wireWords
        var value = self
        if isSource {
            (value.key.sourceHigh, value.key.sourceLow) = address
            (value.mask.sourceHigh, value.mask.sourceLow) = ones
        } else {
            (value.key.destinationHigh, value.key.destinationLow) = address
            (value.mask.destinationHigh, value.mask.destinationLow) = ones
        }
        return value
    }

    /// What is compared of ports is not known of a fragment whose first was not seen.
    fileprivate func comparing(_ ends: (value: UInt64, mask: UInt64)) -> TernaryValue {
        guard ends.mask != 0 else { return self }
        var value = self
        value.key.ports = ends.value
        value.mask.ports = ends.mask
        value.mask.rest |= UInt64(PolicyKey.fragmentWithoutFlow) << 24
        return value
    }
}

extension IPAddress {
    fileprivate static func leadingOnes(_ count: Int, _ version: IPVersion) -> IPAddress {
        switch version {
        case .v4: IPAddress(v4: UInt32.leadingOnes(count))
        case .v6: IPAddress(v6High: UInt64.leadingOnes(count), low: UInt64.leadingOnes(count - 64))
        }
    }
}

extension ClosedRange<UInt16> {
    /// The fewest values with masks of leading ones that together are the range; at most 30.
    package var prefixes: [(value: UInt16, mask: UInt16)] {
        var parts: [(value: UInt16, mask: UInt16)] = []
        var next = Int(lowerBound)
        while next <= Int(upperBound) {
            var size = next == 0 ? 1 << 16 : 1 << next.trailingZeroBitCount
            while next + size - 1 > Int(upperBound) { size /= 2 }
            parts.append((UInt16(next), UInt16(truncatingIfNeeded: ~(size - 1))))
            next += size
        }
        return parts
    }
}
