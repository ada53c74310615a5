// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

extension RealInterfaces {
    @Suite struct GracePeriodSuite {
        /// What a program at work counts must be there before a window is drained: whoever begins to wait meanwhile
        /// waits until it has ended.
        @Test(arguments: GracePeriod.Means.allCases)
        func aProgramAtWorkIsWaitedFor(_ means: GracePeriod.Means) throws {
            let gracePeriod = try GracePeriod(forcing: means)
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            // Loading and starting take their time, on a busy machine more: a wait before or after the work says nothing.
            for attempt in 1...20 {
                let program = try CompiledProgram(CompiledProgram.slow)
                let run = try program.start()
                try pause(.milliseconds(50 * attempt))
                let start = ClockAnchor.now.monotonic
                try gracePeriod.wait()
                let end = ClockAnchor.now.monotonic
                try run.wait()
                let work = try program.work()
                if work.contains(start) {
                    #expect(end >= work.upperBound)
                    return
                }
            }
            Issue.record("no wait began while the program was at work")
        }

        private func pause(_ length: Duration) throws {
            let end = ClockAnchor.now.monotonic.advanced(by: length)
            try waitUntil("a pause is over") { ClockAnchor.now.monotonic >= end }
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
