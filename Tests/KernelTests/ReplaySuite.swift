// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import Testing

/// What the bench sends is what it says that it sends.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct ReplaySuite {
    static let flows = 500
    static let packets = 2000

    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func everyPacketOfASequenceIsCountedInItsFlow(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var tested = try ProgramUnderTest(kind, engine)
        for form in FrameForm.all {
            var generator = SplitMix64(seed: 1)
            var sequence = try FlowSequence(room: Self.packets)
            let numbers = FlowDistribution.zipf.sequence(
                packets: Self.packets, flows: Self.flows, using: &generator)
            sequence.fill(numbers)
            let replay = try FrameReplay(form, of: sequence, through: tested.program.loaded)
            replay.rewind(sequence)
            // Over the end of the sequence, in two runs.
            try replay.run(packets: Self.packets / 2)
            try replay.run(packets: Self.packets)
            let sent = numbers + numbers.prefix(Self.packets / 2)
            try Self.check(try tested.takeOutcome(0), sent, form)
        }
    }

    private static func check(_ outcome: ProgramUnderTest.Outcome, _ sent: [UInt32], _ form: FrameForm) throws {
        struct Source: Hashable {
            let address: IPAddress
            let port: UInt16
        }
        var expected: [Source: UInt64] = [:]
        for flow in sent {
            let source = form.source(of: flow)
            expected[Source(address: source.address, port: source.port), default: 0] += 1
        }
        var counted: [Source: UInt64] = [:]
        for (key, counters) in outcome.flows {
            counted[Source(address: key.source, port: key.sourcePort), default: 0] += counters.count.packets
        }
        #expect(counted == expected, "\(form.name)")
        #expect(outcome.flows.count == expected.count, "\(form.name)")
        #expect(outcome.totals.ip.packets == UInt64(sent.count), "\(form.name)")
    }
}
