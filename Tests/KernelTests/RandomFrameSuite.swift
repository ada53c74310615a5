// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

/// Frames that nobody thought of, the same ones every time.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct RandomFrameSuite {
    /// Run with each program. Fewer in a machine that is emulated: what goes by the kernel is there with any frame.
    static let framesEach = KernelAccess.isSecondKernel ? 1000 : 70_000
    static let batch = 500

    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func randomAndMutatedFramesAreAlwaysPassedAndAccountedFor(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var program = try ProgramUnderTest(kind, engine, flowBudget: 2 * Self.batch)
        var generator = FrameGenerator(seed: 2026)
        var reference = ReferenceMeter()
        var frames = 0
        var run = 0
        while run < Self.framesEach {
            // A port remembers 256 datagrams in fragments, the reference all that it has seen.
            if frames % (4 * Self.batch) == 0 {
                program = try ProgramUnderTest(kind, engine, flowBudget: 2 * Self.batch)
                reference = ReferenceMeter()
            }
            var expected = PortTotals()
            for _ in 0..<Self.batch {
                let frame = frames % 2 == 0 ? generator.randomFrame() : generator.mutatedFrame().bytes
                frames += 1
                guard frame.count >= FrameSuite.shortest, FrameSuite.isOfOnePart(frame),
                    !FrameSuite.isRefused(frame, by: kind)
                else { continue }
                run += 1
                let before = reference.totals
                reference.see(frame)
                expected += reference.totals - before
                let verdict = try program.program.run(on: frame)
                #expect(verdict == ProgramUnderTest.pass[kind])
            }
            let outcome = try program.takeOutcome(0)
            let recorded = outcome.flows.values.reduce(PacketCount.zero) { $0 + $1.count }
            #expect(outcome.totals.obeysConservation(recorded: recorded))
            #expect(outcome.totals == expected, "\(kind), frames \(frames - Self.batch) to \(frames)")
        }
    }
}
