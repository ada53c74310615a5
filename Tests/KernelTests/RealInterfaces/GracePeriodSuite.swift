// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    @Suite struct GracePeriodSuite {
        /// A swap that did not wait for the programs at work would lose or misplace what they are counting.
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
