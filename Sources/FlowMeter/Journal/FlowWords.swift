// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A flow and its counters in twelve words, as they lie in a segment.
///
/// | word | what |
/// |---|---|
/// | 0, 1 | source address |
/// | 2, 3 | destination address |
/// | 4 | `FlowKey.ends`: ports, Weir's port, transport, direction, versions, the fragment's mark, ruling |
/// | 5 | `FlowKey.link`: tags, rule; AWS's TCP flags from bit 48 on; bit 56: flags were hidden by fragmentation |
/// | 6, 7 | packets, octets |
/// | 8, 9 | first and last, nanoseconds of the monotonic clock |
/// | 10 | source MAC; DSCP from bit 48, time to live from bit 56 on |
/// | 11 | destination MAC; TCP control bits from bit 48 on |
///
/// In frames of version 1 there was no rule, and word 5 had the versions from bit 32 and the mark in bit 40.
enum FlowWords {
    static let count = 12
    /// The most flows in a frame.
    static let longestBatch = JournalFrame.longestPayload / count

    @inline(__always)
    static func write(_ flow: CountedFlow, to words: inout MutableSpan<UInt64>, at place: Int) {
        let (key, counters) = (flow.key, flow.counters)
        words[place] = key.source.high
        words[place + 1] = key.source.low
        words[place + 2] = key.destination.high
        words[place + 3] = key.destination.low
        words[place + 4] = key.ends
        words[place + 5] = key.link | UInt64(counters.tcpFlags) << 48 | (counters.hidesTCPFlags ? 1 << 56 : 0)
        words[place + 6] = counters.count.packets
        words[place + 7] = counters.count.octets
        words[place + 8] = counters.first.nanoseconds
        words[place + 9] = counters.last.nanoseconds
        words[place + 10] = counters.sourceMAC.bits | UInt64(counters.dscp) << 48 | UInt64(counters.timeToLive) << 56
        words[place + 11] = counters.destinationMAC.bits | UInt64(counters.tcpControlBits) << 48
    }

    @inline(__always)
    static func read(_ words: Span<UInt64>, at place: Int, version: UInt16) -> CountedFlow {
        let (ends, link) = version == 1 ? ofVersion1(words, place) : (words[place + 4], words[place + 5])
        let (source, destination) = (words[place + 10], words[place + 11])
        let key = FlowKey(
            port: PortNumber(UInt16(truncatingIfNeeded: ends >> 32)),
            direction: ends >> 56 & 1 == 0 ? .ingress : .egress,
            vlanID: UInt16(truncatingIfNeeded: link), innerVLANID: UInt16(truncatingIfNeeded: link >> 16),
            transport: UInt8(truncatingIfNeeded: ends >> 48),
            source: address(words[place], words[place + 1], isIPv6: ends >> 57 & 1 != 0),
            destination: address(words[place + 2], words[place + 3], isIPv6: ends >> 58 & 1 != 0),
            sourcePort: UInt16(truncatingIfNeeded: ends), destinationPort: UInt16(truncatingIfNeeded: ends >> 16),
            isFragmentWithoutFlow: ends >> 59 & 1 != 0, rule: UInt16(truncatingIfNeeded: link >> 32),
            ruling: Ruling(bits: ends >> 60))
        let counters = FlowCounters(
            count: PacketCount(packets: words[place + 6], octets: words[place + 7]),
            first: MonotonicTime(nanoseconds: words[place + 8]), last: MonotonicTime(nanoseconds: words[place + 9]),
            tcpControlBits: UInt16(destination >> 48), tcpFlags: UInt8(truncatingIfNeeded: link >> 48),
            dscp: UInt8(truncatingIfNeeded: source >> 48), sourceMAC: MACAddress(source & macBits),
            destinationMAC: MACAddress(destination & macBits), timeToLive: UInt8(source >> 56),
            hidesTCPFlags: link >> 56 & 1 != 0)
        return CountedFlow(key: key, counters: counters)
    }

    /// Words 4 and 5 as they would be today.
    private static func ofVersion1(_ words: Span<UInt64>, _ place: Int) -> (ends: UInt64, link: UInt64) {
        let link = words[place + 5]
        let bits = (link >> 32 & 3) << 57 | (link >> 40 & 1) << 59
        return (words[place + 4] | bits, link & 0x00FF_0000_FFFF_FFFF)
    }

    private static var macBits: UInt64 { 0xFFFF_FFFF_FFFF }

    @inline(__always)
    private static func address(_ high: UInt64, _ low: UInt64, isIPv6: Bool) -> IPAddress {
        var address = IPAddress(v6High: high, low: low)
        if !isIPv6 { address.version = .v4 }
        return address
    }
}
