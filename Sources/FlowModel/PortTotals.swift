// SPDX-License-Identifier: Apache-2.0

/// Every frame of one port and direction, by what became of it.
package struct PortTotals: Equatable, Sendable {
    package var seen = PacketCount.zero
    package var ip = PacketCount.zero
    /// Of `ip`: what found no slot in the table.
    package var overflow = PacketCount.zero
    package var notIP = PacketCount.zero
    package var malformed = PacketCount.zero
    /// Of `malformed`: what ended before its headers or its IP length did.
    package var truncated = PacketCount.zero
    /// Of `malformed`: what has more headers than are read.
    package var beyondLimits = PacketCount.zero
    /// Of `ip`: later fragments whose first was not seen.
    package var fragmentWithoutFlow = PacketCount.zero
    /// Of `notIP` and `malformed`: what the port's policy would have dropped, had it been enforced.
    package var audited = UnparsedCounts()
    /// Of `notIP` and `malformed`: what the port's policy dropped.
    package var refused = UnparsedCounts()

    package init() {}

    package static func + (left: Self, right: Self) -> Self { left.combined(with: right, by: +) }
    package static func - (left: Self, right: Self) -> Self { left.combined(with: right, by: -) }
    package static func += (left: inout Self, right: Self) { left = left + right }

    private func combined(with other: Self, by operation: (PacketCount, PacketCount) -> PacketCount) -> Self {
        var result = Self()
        result.seen = operation(seen, other.seen)
        result.ip = operation(ip, other.ip)
        result.overflow = operation(overflow, other.overflow)
        result.notIP = operation(notIP, other.notIP)
        result.malformed = operation(malformed, other.malformed)
        result.truncated = operation(truncated, other.truncated)
        result.beyondLimits = operation(beyondLimits, other.beyondLimits)
        result.fragmentWithoutFlow = operation(fragmentWithoutFlow, other.fragmentWithoutFlow)
        result.audited = audited.combined(with: other.audited, by: operation)
        result.refused = refused.combined(with: other.refused, by: operation)
        return result
    }

    /// seen = in flow records + overflow + not IP + malformed, in packets and in octets (design: the conservation law).
    package func obeysConservation(recorded: PacketCount) -> Bool {
        seen == recorded + overflow + notIP + malformed
    }
}
