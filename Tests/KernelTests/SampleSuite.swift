// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowKernel
import FlowModel
import FlowTestKit
import FlowVerdict
import Host
import Testing

/// Samples of a million packets, drawn in the kernel.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct SampleSuite {
    private static let packets = KernelAccess.isSecondKernel ? 20_000 : 1_000_000
    private static let frame = Frame(
        .ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 1, to: 2), .payload(200)
    ).bytes
    private static let kinds: [ProgramKind] = [.tcFromPort, .tcToPort, .xdpFromPort, .xskFromPort]

    /// Skips are any of 1 to 2N - 1, so that they are N on average with a variance of N(N - 1)/3: of M packets M/N are sampled, with a variance
    /// of M(N - 1)/3N². Five times its root is passed once in two million tests.
    private static func bound(_ packets: Int, _ rate: Int) -> Double {
        5 * (Double(packets) * Double(rate - 1) / (3 * Double(rate * rate))).squareRoot()
    }

    /// Runs the program, never on more frames at one go than the ring has room for, and returns the pools of all samples.
    private static func pools(
        of packets: Int, _ port: borrowing SampledPortUnderTest, atOnce: Int, on frame: [UInt8] = frame
    ) throws -> [UInt64] {
        var pools: [UInt64] = []
        var left = packets
        while left > 0 {
            let count = min(left, atOnce)
            _ = try port.program.run(on: frame, repeating: count)
            pools += try port.copies().map(\.head.pool)
            left -= count
        }
        return pools
    }

    @Test(arguments: kinds, [64, 400])
    func `a million packets are sampled as often as is to be expected, and their pool is exact`(
        kind: ProgramKind, rate: Int
    ) throws {
        let packets = Self.packets
        let (pools, counts) = try PinnedThread(on: 0) {
            let port = try SampledPortUnderTest(kind, SamplingRates(rate: UInt32(rate)))
            return (try Self.pools(of: packets, port, atOnce: 100_000), try port.counts)
        }.value()
        let expected = Double(packets) / Double(rate)
        #expect(abs(Double(pools.count) - expected) <= Self.bound(packets, rate), "\(pools.count) of \(packets)")
        #expect(counts.pool == UInt64(packets) && counts.samples == UInt64(pools.count) && counts.lost == 0)
        // Each sample's pool is its packet's number, so that these are the skips.
        let skips = zip(pools, [0] + pools).map { $0 - $1 }
        #expect(skips.allSatisfy { 1...(2 * rate - 1) ~= Int($0) })
        #expect(Set(skips).count > rate && (pools.last ?? 0) <= UInt64(packets))
        print("samples, \(kind), 1 in \(rate): \(pools.count), \(expected) ± \(Self.bound(packets, rate)) expected")
    }

    @Test func `at a rate of one every one of a million packets is sampled`() throws {
        let packets = Self.packets
        let (pools, counts) = try PinnedThread(on: 0) {
            let port = try SampledPortUnderTest(.tcFromPort, SamplingRates(rate: 1))
            return (try Self.pools(of: packets, port, atOnce: 5000), try port.counts)
        }.value()
        #expect(pools.elementsEqual(1...UInt64(packets)))
        #expect(counts.pool == UInt64(packets) && counts.samples == UInt64(packets) && counts.lost == 0)
    }

    @Test(arguments: kinds)
    func `what the ring has no room for is counted`(kind: ProgramKind) throws {
        let port = try SampledPortUnderTest(kind, SamplingRates(rate: 1))
        _ = try port.program.run(on: Self.frame, repeating: 20_000)
        let copies = try port.copies()
        let counts = try port.counts
        #expect(counts.samples == 20_000 && counts.lost == 20_000 - UInt64(copies.count))
        #expect(!copies.isEmpty && counts.lost > 0)
        let head = try #require(copies.first?.head)
        #expect(head.cause == UInt8(WEIR_COPY_SAMPLE.rawValue) && head.port == ProgramUnderTest.port.rawValue)
        #expect(head.direction == UInt8((kind == .tcToPort ? Direction.ingress : .egress).rawValue))
        #expect(head.length == UInt32(Self.frame.count) && head.packets == 1 && head.samples == 1)
        #expect(head.gso_size == 0 && head.has_vlan == 0)
        #expect(copies.allSatisfy { $0.bytes == Array(Self.frame.prefix(128)) })
        // A frame that is shorter than a copy, and one that is in no flow.
        for frame in [Array(Self.frame.prefix(43)), Frame(.ethernet(), .arp(from: "10.0.0.1", to: "10.0.0.2")).bytes] {
            _ = try port.program.run(on: frame)
            #expect(try port.copies().map(\.bytes) == [frame])
        }
    }

    @Test func `of a super-frame each packet can be sampled`() throws {
        let frame = Frame(
            .ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .tcp(from: 1, to: 2), .payload(3000)
        ).bytes
        let rate = 10
        let frames = 2000
        let (samples, packets, counts) = try PinnedThread(on: 0) {
            let port = try SampledPortUnderTest(.tcFromPort, SamplingRates(rate: UInt32(rate)))
            let context = TestRunContext(gsoSize: 100, gsoSegments: 30)
            _ = try port.program.run(on: frame, context: context, repeating: frames)
            let copies = try port.copies()
            return (copies.map { Int($0.head.samples) }, Set(copies.map(\.head.packets)), try port.counts)
        }.value()
        let sum = samples.reduce(0, +)
        #expect(packets == [30] && counts.pool == UInt64(30 * frames) && counts.samples == UInt64(sum))
        #expect(abs(Double(sum) - Double(30 * frames / rate)) <= Self.bound(30 * frames, rate), "\(sum)")
        #expect(samples.allSatisfy { 1...30 ~= $0 })

        let all = try SampledPortUnderTest(.tcFromPort, SamplingRates(rate: 1))
        _ = try all.program.run(on: frame, context: TestRunContext(gsoSize: 50, gsoSegments: 60))
        #expect(try all.copies().map(\.head.samples) == [60])
        #expect(try all.counts.samples == 60)
    }

    @Test func `a port that is not sampled copies nothing, and one that is sampled again begins anew`() throws {
        let port = try SampledPortUnderTest(.tcFromPort, SamplingRates())
        _ = try port.program.run(on: Self.frame, repeating: 1000)
        #expect(try port.copies().isEmpty && port.counts == SampledCounts())
        try port.setSampling(SamplingRates(rate: 1))
        _ = try port.program.run(on: Self.frame, repeating: 10)
        #expect(try port.copies().map(\.head.pool) == Array(1...10))
        #expect(try port.counts.pool == 10)
    }

    @Test(arguments: [ProgramKind.tcFromPort, .xdpFromPort])
    func `what the policy drops is copied or counted, all of it`(kind: ProgramKind) throws {
        let port = try SampledPortUnderTest(kind, SamplingRates(discards: 100), isJudged: true)
        try port.load(KernelPolicy(rules: []))
        let dropped: Int32 = kind.isTC ? 2 : 1
        #expect(try port.program.run(on: Self.frame, repeating: 50_000) == dropped)
        let copies = try port.copies()
        let counts = try port.counts
        #expect(counts.discards + counts.withheld == 50_000 && counts.discards == UInt64(copies.count))
        // A second may end meanwhile.
        #expect([100, 200].contains(copies.count))
        #expect(copies.allSatisfy { $0.head.cause == UInt8(WEIR_COPY_DISCARDED.rawValue) && $0.head.packets == 1 })
        #expect(copies.allSatisfy { $0.head.ruling == UInt8(WEIR_RULING_DROP.rawValue) })
        #expect(counts.samples == 0)
        // ARP passes, and what is not IP and not named does not.
        _ = try port.program.run(on: Frame(.ethernet(), .arp(from: "10.0.0.1", to: "10.0.0.2")).bytes)
        _ = try port.program.run(on: Frame(.ethernet(type: EtherType.mpls), .payload(100)).bytes)
        let after = try port.counts
        #expect(after.discards + after.withheld == 50_001)
    }
}
