// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

/// Built frames through the programs, against a reference that was written from the RFCs.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct FrameSuite {
    /// BPF_PROG_TEST_RUN takes no frame shorter than an Ethernet header; nor does any Ethernet device.
    static let shortest = 14

    /// BPF_PROG_TEST_RUN takes a page, less head and tail room; more of it only for XDP, which sees the rest only by
    /// its length.
    static func isOfOnePart(_ frame: [UInt8]) -> Bool { frame.count < onePart }
    private static let onePart = 3400

    /// Since 6.18 the kernel refuses to make an skb of less than the IP header that its type promises; a real
    /// interface does not (`ShortFrameSuite`).
    static func isRefused(_ frame: [UInt8], by kind: ProgramKind) -> Bool {
        guard kind.isTC else { return false }
        return switch (frame[12], frame[13]) {
        case (0x08, 0x00): frame.count < 34
        case (0x86, 0xdd): frame.count < 54
        default: false
        }
    }

    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func everyHeaderCombinationGivesItsExactKeyAndTotals(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var program = try ProgramUnderTest(kind, engine)
        var reference = ReferenceMeter()
        for frame in FrameTable.all
        where frame.bytes.count >= Self.shortest && Self.isOfOnePart(frame.bytes)
            && !Self.isRefused(frame.bytes, by: kind)
        {
            let outcome = try program.run(frame.bytes)
            program.check(outcome, reference.see(frame.bytes), of: frame.name)
        }
    }

    @Test(arguments: FlowEngine.allCases)
    func xdpCountsHeadersBeyondTheFirstPartOfAFrameAsTruncated(_ engine: FlowEngine) throws {
        var program = try ProgramUnderTest(.xdpFromPort, engine)
        let long = FrameTable.all.filter { !Self.isOfOnePart($0.bytes) }
        #expect(!long.isEmpty)
        for frame in long {
            let outcome = try program.run(frame.bytes)
            let octets = ReferenceParser.classify(frame.bytes).count
            #expect(outcome.totals.seen == octets && outcome.totals.truncated == octets, "\(frame.name)")
            #expect(outcome.flows.isEmpty && outcome.totals.obeysConservation(recorded: .zero), "\(frame.name)")
        }
    }

    /// A frame, at what lengths it is cut, and what the reference says of all cuts in one window.
    private struct Cuts: Sendable {
        let frame: FrameCase
        var lengths: [Int] = []
        var reference = ReferenceMeter()
    }

    /// The same for each program of a kind of hook: made once.
    private static let cutsForTC = cuts(for: .tcFromPort)
    private static let cutsForXDP = cuts(for: .xdpFromPort)

    private static func cuts(for kind: ProgramKind) -> [Cuts] {
        FrameTable.all.map { frame in
            var cuts = Cuts(frame: frame)
            for length in shortest..<max(shortest, min(frame.bytes.count, onePart)) {
                let cut = Array(frame.bytes.prefix(length))
                // A later fragment's first was seen in another cut; only here may memory of it matter.
                if case .later = ReferenceParser.classify(cut).fragment { continue }
                if isRefused(cut, by: kind) { continue }
                cuts.reference.see(cut)
                cuts.lengths.append(length)
            }
            return cuts
        }
    }

    /// All cuts of a frame in one window.
    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func everyFrameCutAtEveryByteIsTruncatedOrWhatItStillIs(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var program = try ProgramUnderTest(kind, engine)
        var count = 0
        for cuts in kind.isTC ? Self.cutsForTC : Self.cutsForXDP {
            var others: [Int] = []
            for length in cuts.lengths {
                let verdict = try program.program.run(on: Array(cuts.frame.bytes.prefix(length)))
                if verdict != ProgramUnderTest.pass[kind] { others.append(length) }
            }
            #expect(others.isEmpty, "\(cuts.frame.name), cut to these lengths, does not pass")
            count += cuts.lengths.count
            let outcome = try program.takeOutcome(0)
            let counted = outcome.flows.reduce(into: [FlowIdentity: ReferenceMeter.Tally]()) {
                $0[FlowIdentity($1.key)] = ReferenceMeter.Tally($1.value)
            }
            let comment: Comment = "\(kind), cuts of \(cuts.frame.name)"
            #expect(counted == cuts.reference.flows && outcome.flows.count == counted.count, comment)
            #expect(outcome.totals == cuts.reference.totals, comment)
        }
        #expect(count > 10_000)
    }

    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func theRoleDecidesTheDirection(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        let frame = try #require(FrameTable.transports.first)
        for role in PortRole.allCases {
            var program = try ProgramUnderTest(kind, engine, role: role)
            program.check(
                try program.run(frame.bytes), ReferenceParser.classify(frame.bytes), of: "\(frame.name) as \(role)")
        }
    }

    @Test(arguments: ProgramKind.ofNetworkHooks)
    func aFrameShorterThanEthernetIsRefusedByTheKernelItself(_ kind: ProgramKind) throws {
        let program = try ProgramUnderTest(kind, .line)
        #expect(throws: KernelError.self) { try program.program.run(on: [UInt8](repeating: 0, count: 13)) }
    }

    @Test(arguments: [ProgramKind.tcFromPort, .tcToPort], FlowEngine.allCases)
    func aSegmentedFrameCountsAsItsWirePackets(kind: ProgramKind, engine: FlowEngine) throws {
        var program = try ProgramUnderTest(kind, engine)
        for gsoSize in [1, 536, 1448, 1460, 8948] { try check(&program, gsoSize: gsoSize) }
    }

    private func check(_ program: inout ProgramUnderTest, gsoSize: Int) throws {
        for payload in [0, 1, gsoSize - 1, gsoSize, gsoSize + 1, 3 * gsoSize, 60_000] where payload <= 60_000 {
            for frame in segmented(payload: payload) {
                for segments in [0, 2, 45] {
                    let context = TestRunContext(gsoSize: UInt32(gsoSize), gsoSegments: UInt32(segments))
                    // The kernel takes one page of linear data; a larger frame needs a real interface.
                    guard frame.bytes.count < 3500 else { continue }
                    let outcome = try program.run(frame.bytes, context: context)
                    let expected = ReferenceParser.classify(frame.bytes, gsoSize: gsoSize, segments: segments)
                    program.check(outcome, expected, of: "\(frame.name), \(gsoSize) a segment, \(segments) segments")
                }
            }
        }
    }

    private func segmented(payload: Int) -> [FrameCase] {
        [
            FrameCase(
                "IPv4 TCP with \(payload)", .ethernet(), .ipv4(options: 8), .tcp(from: 1, to: 2, options: 12),
                .payload(payload)),
            FrameCase(
                "IPv6 TCP with \(payload)", .ethernet(), .vlan(5), .ipv6(), .tcp(from: 1, to: 2), .payload(payload)),
            FrameCase("IPv4 UDP with \(payload)", .ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(payload)),
            FrameCase(
                "IPv6 UDP with \(payload)", .ethernet(), .ipv6(), .destinationOptions(), .udp(from: 1, to: 2),
                .payload(payload)),
            FrameCase(
                "IPv4 TCP that says no length", .ethernet(), .ipv4(totalLength: 0), .tcp(from: 1, to: 2),
                .payload(payload)),
        ]
    }
}
