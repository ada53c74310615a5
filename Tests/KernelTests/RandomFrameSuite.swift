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

    /// Frames of one window, and what the reference says of them.
    private struct Batch: Sendable {
        var frames: [[UInt8]] = []
        var expected = PortTotals()
        /// Whether neither the port nor the reference remembers fragments of those before.
        let isFirst: Bool
    }

    /// The same for each program of a kind of hook: made once.
    private static let batchesForTC = batches(for: .tcFromPort)
    private static let batchesForXDP = batches(for: .xdpFromPort)

    private static func batches(for kind: ProgramKind) -> [Batch] {
        var generator = FrameGenerator(seed: 2026)
        var reference = ReferenceMeter()
        var batches: [Batch] = []
        var run = 0
        while run < framesEach {
            // A port remembers 256 datagrams in fragments, the reference all that it has seen.
            var made = Batch(isFirst: batches.count % 4 == 0)
            if made.isFirst { reference = ReferenceMeter() }
            let before = reference.totals
            for number in 0..<batch {
                let frame = number % 2 == 0 ? generator.randomFrame() : generator.mutatedFrame().bytes
                guard frame.count >= FrameSuite.shortest, FrameSuite.isOfOnePart(frame),
                    !FrameSuite.isRefused(frame, by: kind)
                else { continue }
                reference.see(frame)
                made.frames.append(frame)
            }
            made.expected = reference.totals - before
            run += made.frames.count
            batches.append(made)
        }
        return batches
    }

    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func randomAndMutatedFramesAreAlwaysPassedAndAccountedFor(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var program = try ProgramUnderTest(kind, engine, flowBudget: 2 * Self.batch)
        for (number, batch) in (kind.isTC ? Self.batchesForTC : Self.batchesForXDP).enumerated() {
            if batch.isFirst, number > 0 {
                program = try ProgramUnderTest(kind, engine, flowBudget: 2 * Self.batch)
            }
            var verdicts: Set<Int32> = []
            for frame in batch.frames { verdicts.insert(try program.program.run(on: frame)) }
            #expect(verdicts == [ProgramUnderTest.pass[kind]])
            let outcome = try program.takeOutcome(0)
            let recorded = outcome.flows.values.reduce(PacketCount.zero) { $0 + $1.count }
            #expect(outcome.totals.obeysConservation(recorded: recorded))
            #expect(outcome.totals == batch.expected, "\(kind), batch \(number)")
        }
    }
}
