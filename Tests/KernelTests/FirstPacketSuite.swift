// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

/// What only the first packet of a flow tells stays as it told it.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct FirstPacketSuite {
    private static let firsts: [(hops: UInt8, host: UInt64, service: UInt8)] = [
        (1, 0x0a, 0xb8), (64, 0xb0, 0), (255, 0xff, 0x28),
    ]

    /// Each differs from the others in the time to live, the DSCP and both MACs, and in nothing that makes a flow.
    private static let ipv4: [[UInt8]] = firsts.map { timeToLive, host, tos in
        Frame(
            .ethernet(from: MACAddress(0x0200_0000_0100 | host), to: MACAddress(0x0200_0000_0200 | host)),
            .ipv4(tos: tos, timeToLive: timeToLive), .udp(from: 1, to: 2), .payload(10)
        ).bytes
    }
    private static let ipv6: [[UInt8]] = firsts.map { hopLimit, host, trafficClass in
        Frame(
            .ethernet(from: MACAddress(0x0200_0000_0300 | host), to: MACAddress(0x0200_0000_0400 | host)),
            .ipv6(trafficClass: trafficClass, hopLimit: hopLimit), .tcp(from: 1, to: 2)
        ).bytes
    }

    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func theRecordHasItsTimeToLiveItsDSCPAndItsMACs(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var program = try ProgramUnderTest(kind, engine)
        for frames in [Self.ipv4, Self.ipv6, Self.ipv4.reversed(), Self.ipv6.reversed()] {
            var reference = ReferenceMeter()
            for frame in frames {
                reference.see(frame)
                _ = try program.program.run(on: frame)
            }
            let outcome = try program.takeOutcome(0)
            let counted = outcome.flows.reduce(into: [FlowIdentity: ReferenceMeter.Tally]()) {
                $0[FlowIdentity($1.key)] = ReferenceMeter.Tally($1.value)
            }
            #expect(counted == reference.flows)
            let first = ReferenceParser.classify(frames[0])
            #expect(outcome.flows.count == 1 && outcome.flows.first?.value.timeToLive == first.timeToLive)
            #expect(outcome.flows.first?.value.sourceMAC == first.sourceMAC)
        }
    }
}
