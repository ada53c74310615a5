// SPDX-License-Identifier: Apache-2.0

/// What was counted of one flow in one window, on one CPU or on all.
package struct FlowCounters: Equatable, Sendable, BitwiseCopyable {
    package var count: PacketCount
    package var first: MonotonicTime
    package var last: MonotonicTime
    /// Of the first packet.
    package var sourceMAC: MACAddress
    /// Of the first packet.
    package var destinationMAC: MACAddress
    /// OR of the flags of all segments, IPFIX tcpControlBits (RFC 7125).
    package var tcpControlBits: UInt16
    /// OR of the flags as AWS counts them: ACK only from a segment that also carries SYN.
    package var tcpFlags: UInt8
    /// Of the first packet.
    package var dscp: UInt8
    /// Of the first packet; IPv6: the hop limit. 0 is not known.
    package var timeToLive: UInt8
    /// Whether a first fragment of a segment ended before its TCP flags, so that some are not known.
    package var hidesTCPFlags: Bool

    package init(
        count: PacketCount, first: MonotonicTime, last: MonotonicTime, tcpControlBits: UInt16 = 0, tcpFlags: UInt8 = 0,
        dscp: UInt8 = 0, sourceMAC: MACAddress = MACAddress(0), destinationMAC: MACAddress = MACAddress(0),
        timeToLive: UInt8 = 0, hidesTCPFlags: Bool = false
    ) {
        self.count = count
        self.first = first
        self.last = last
        self.tcpControlBits = tcpControlBits
        self.tcpFlags = tcpFlags
        self.dscp = dscp
        self.sourceMAC = sourceMAC
        self.destinationMAC = destinationMAC
        self.timeToLive = timeToLive
        self.hidesTCPFlags = hidesTCPFlags
    }

    /// Adds what another CPU, or another part of the window, counted of the same flow.
    package mutating func merge(_ other: FlowCounters) {
        count += other.count
        tcpControlBits |= other.tcpControlBits
        tcpFlags |= other.tcpFlags
        hidesTCPFlags = hidesTCPFlags || other.hidesTCPFlags
        if other.first < first {
            first = other.first
            dscp = other.dscp
            sourceMAC = other.sourceMAC
            destinationMAC = other.destinationMAC
            timeToLive = other.timeToLive
        }
        last = max(last, other.last)
    }
}

/// Packets as they were on the wire, and their octets from the IP header on.
package struct PacketCount: Equatable, Sendable, BitwiseCopyable {
    package var packets: UInt64
    package var octets: UInt64

    package init(packets: UInt64 = 0, octets: UInt64 = 0) {
        self.packets = packets
        self.octets = octets
    }

    package static let zero = PacketCount()

    package var isZero: Bool { packets == 0 && octets == 0 }

    package static func + (left: Self, right: Self) -> Self {
        PacketCount(packets: left.packets &+ right.packets, octets: left.octets &+ right.octets)
    }

    /// The growth of a counter since an earlier reading of it; right even where it wrapped between.
    package static func - (left: Self, right: Self) -> Self {
        PacketCount(packets: left.packets &- right.packets, octets: left.octets &- right.octets)
    }

    package static func += (left: inout Self, right: Self) { left = left + right }
}

/// An Ethernet address in the low 48 bits, first byte on the wire most significant.
package struct MACAddress: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    package var bits: UInt64

    package init(_ bits: UInt64) { self.bits = bits }

    /// Reads six bytes in hexadecimal, with colons between them; nil where it is anything else.
    package init?(_ text: String) {
        let bytes = text.split(separator: ":", omittingEmptySubsequences: false)
        guard bytes.count == 6, bytes.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isHexDigit) }) else { return nil }
        self.init(bytes.reduce(0) { $0 << 8 | (UInt64($1, radix: 16) ?? 0) })
    }

    package func byte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: bits >> UInt64(40 - 8 * index)) }

    package var description: String {
        (0..<6).map { index in
            let hex = String(byte(index), radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }.joined(separator: ":")
    }
}
