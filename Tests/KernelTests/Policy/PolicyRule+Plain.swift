// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict

extension PolicyRule {
    /// A rule on the packets of one direction, in the set 1; nil: any.
    static func plain(
        _ action: PolicyAction, _ direction: Direction, number: UInt16, _ version: IPVersion = .v4,
        transport: UInt8? = nil, to destinationPort: UInt16? = nil, from source: IPAddress? = nil, priority: Int = 0,
        isStateful: Bool = true
    ) -> PolicyRule {
        let address = source?.wireWords ?? (0, 0)
        let ones: (UInt64, UInt64) =
            source == nil ? (0, 0) : version == .v4 ? (0xFFFF_FFFF, 0) : (.max, .max)
        let kind = (version == .v6 ? PolicyKey.ipv6 : 0) | (direction == .egress ? PolicyKey.egress : 0)
        return PolicyRule(
            key: PolicyKey(
                words: (
                    address.0, address.1, 0, 0, UInt64((destinationPort ?? 0).bigEndian) << 16,
                    1 | UInt64(transport ?? 0) << 16 | UInt64(kind) << 24
                )),
            mask: PolicyKey(
                words: (
                    ones.0, ones.1, 0, 0, destinationPort == nil ? 0 : 0xFFFF_0000,
                    0xFFFF | (transport == nil ? 0 : 0xFF << 16) | UInt64(PolicyKey.ipv6 | PolicyKey.egress) << 24
                )), priority: priority, action: action, isStateful: isStateful, number: number)
    }
}
