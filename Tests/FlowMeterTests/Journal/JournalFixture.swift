// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowMeter
import FlowModel
import FlowTestKit
import Foundation
import SystemPackage

/// A journal in a folder of a test's own, which is removed at its end.
final class JournalFixture {
    let folder: FilePath
    let journal: Journal

    init() throws {
        folder = FilePath("/tmp/weir-journal-tests-\(UUID().uuidString)").appending("journal")
        journal = try Journal.open(folder).journal
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.removingLastComponent().string) }

    func segments() throws -> [Segment] { try Journal.open(folder).segments }

    func bytes(of segment: Segment) throws -> [UInt8] { try HeldFolder.read(segment.path) }

    func put(_ bytes: [UInt8], into segment: Segment) throws {
        try Data(bytes).write(to: URL(filePath: segment.path.string))
    }
}

/// Parts whose every packet is known.
enum Sample {
    static let installation: UInt64 = 0x0123_4567_89AB_CDEF

    static let ports = [
        PortNumber(1): Port(
            number: PortNumber(1), name: "tap1", role: .guest,
            identity: PortIdentity(
                accountID: "123456789012", interfaceID: "eni-ä", region: "", instanceName: "web 1 ü", projectName: ""),
            coverage: .interrupted("the program on the from side was detached"),
            addresses: [IPAddress(v4: 0x0A00_0001), IPAddress(v6High: 0xFD00 << 48, low: 1)]),
        PortNumber(7): Port(
            number: PortNumber(7), name: "uplink", role: .uplink,
            standIn: StandIn(bridge: "br-int", address: MACAddress(0x0200_0000_0007)), coverage: .part),
    ]

    /// - Parameter generator: of the flows.
    static func part(
        _ number: UInt32 = 5, first: UInt32? = nil, flows: Int, endReason: FlowEndReason? = .activeTimeout,
        using generator: inout SplitMix64
    ) -> WindowPart {
        var table = FlowTable()
        var totals: [PortSide: PortTotals] = [:]
        for port in ports.keys {
            for direction in Direction.allCases { totals[PortSide(port: port, direction: direction)] = noise(port) }
        }
        for _ in 0..<flows {
            let (key, counters) = flow(using: &generator)
            table.merge(key, counters)
            totals[PortSide(port: key.port, direction: key.direction)]?.seen += counters.count
            totals[PortSide(port: key.port, direction: key.direction)]?.ip += counters.count
        }
        let window = Window(
            number: number, start: UnixTime(seconds: 1_000_020), end: UnixTime(seconds: 1_000_080),
            endReason: endReason, spansRestart: true)
        let anchor = ClockAnchor(
            monotonic: MonotonicTime(nanoseconds: 100_000_000_000), realtime: UnixTime(seconds: 1_000_020))
        return WindowPart(
            window: window, firstNumber: first ?? number, anchor: anchor, flows: table, totals: totals,
            samples: samples)
    }

    static func part(_ number: UInt32 = 5, flows: Int, seed: UInt64 = 1) -> WindowPart {
        var generator = SplitMix64(seed: seed)
        return part(number, flows: flows, using: &generator)
    }

    private static let samples: FrameSamples = [
        PortSide(port: PortNumber(7), direction: .egress): [
            .malformed: FrameSample(length: 1500, bytes: (0..<128).map { UInt8($0) }),
            .notIP: FrameSample(length: 3, bytes: [1, 2, 255]),
        ]
    ]

    /// Frames that are no flows, and some that found no room.
    private static func noise(_ port: PortNumber) -> PortTotals {
        var totals = PortTotals()
        totals.notIP = PacketCount(packets: 3, octets: 126)
        totals.malformed = PacketCount(packets: 6, octets: 240)
        totals.truncated = PacketCount(packets: 1, octets: 20)
        totals.beyondLimits = PacketCount(packets: 2, octets: 60)
        totals.audited = UnparsedCounts(notIP: PacketCount(packets: 1, octets: 40))
        totals.refused = UnparsedCounts(
            malformed: PacketCount(packets: 1, octets: 70), truncated: PacketCount(packets: 1, octets: 20),
            beyondLimits: PacketCount(packets: 1, octets: 31))
        totals.overflow = PacketCount(packets: UInt64(port.rawValue), octets: 1000)
        totals.ip = totals.overflow
        totals.seen = totals.notIP + totals.malformed + totals.overflow
        return totals
    }

    private static func flow(using generator: inout SplitMix64) -> (FlowKey, FlowCounters) {
        var next: UInt64 { generator.next() }
        let isIPv6 = next & 1 == 0
        func address() -> IPAddress {
            isIPv6 ? IPAddress(v6High: next, low: next) : IPAddress(v4: UInt32(truncatingIfNeeded: next))
        }
        let key = FlowKey(
            port: PortNumber(next & 1 == 0 ? 1 : 7), direction: next & 1 == 0 ? .ingress : .egress,
            vlanID: UInt16(truncatingIfNeeded: next), innerVLANID: UInt16(truncatingIfNeeded: next),
            transport: UInt8(truncatingIfNeeded: next), source: address(), destination: address(),
            sourcePort: UInt16(truncatingIfNeeded: next), destinationPort: UInt16(truncatingIfNeeded: next),
            isFragmentWithoutFlow: next & 1 == 0)
        let counters = FlowCounters(
            count: PacketCount(packets: next >> 32, octets: next >> 16), first: MonotonicTime(nanoseconds: next),
            last: MonotonicTime(nanoseconds: next), tcpControlBits: UInt16(truncatingIfNeeded: next),
            tcpFlags: UInt8(truncatingIfNeeded: next), dscp: UInt8(truncatingIfNeeded: next),
            sourceMAC: MACAddress(next >> 16), destinationMAC: MACAddress(next >> 16),
            timeToLive: UInt8(truncatingIfNeeded: next), hidesTCPFlags: next & 1 == 0)
        return (key, counters)
    }
}

extension ClosedWindow {
    /// Seen, and what became of it, over all ports.
    var seen: PacketCount { totals.values.reduce(.zero) { $0 + $1.seen } }
    var overflow: PacketCount { totals.values.reduce(.zero) { $0 + $1.overflow } }
}
