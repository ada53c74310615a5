// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    @Suite struct GracePeriodSuite {
        /// What a program at work counts must be there before a window is drained.
        @Test(arguments: GracePeriod.Means.allCases)
        func aProgramAtWorkIsWaitedFor(_ means: GracePeriod.Means) throws {
            let program = try CompiledProgram(CompiledProgram.slow)
            let gracePeriod = try GracePeriod(forcing: means)
            let run = try program.start()
            try waitUntil("the program is at work: \(run.errors)") { try program.stage() == 1 }
            try gracePeriod.wait()
            #expect(try program.stage() == 2)
            try run.wait()
        }

        /// Without the waiting a packet in a million would be missing: too few for this to show by itself.
        @Test(arguments: GracePeriod.Means.allCases)
        func bothMeansLoseNothingOver50Swaps(_ means: GracePeriod.Means) throws {
            let pair = try LoadedPair()
            let gracePeriod = try GracePeriod(forcing: means)
            #expect(gracePeriod.means == means)
            var meter = try pair.installation.meter(interval: .seconds(3600), gracePeriod: gracePeriod)
            var tally = WindowTally()
            try pair.start()
            while tally.windows < 50 { try Self.cut(&meter, &tally) }
            let sent = try pair.stop()
            try Self.cut(&meter, &tally)
            #expect(tally.busyWindows >= 50)
            try pair.check(tally, sent)
        }

        private static func cut(_ meter: inout FlowMeter<KernelFlowSource>, _ tally: inout WindowTally) throws {
            let closed = try #require(try meter.cutShort(at: .now))
            tally.add(closed)
            // What is written after the drain would be forgotten here.
            try meter.release(closed)
        }
    }
}
