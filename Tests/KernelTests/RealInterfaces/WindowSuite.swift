// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Host
import Testing

extension RealInterfaces {
    /// Windows that end, fast, while two CPUs send.
    @Suite struct WindowSuite {
        private static let interval = Duration.milliseconds(20)
        private static let swaps = 200

        /// Ahead, back, back and ahead.
        private static let hours = [1, -1, -1, 1]

        /// The machine's own monotonic clock, and a wall clock that a test may step.
        private struct SteppedClock {
            private let start = ClockAnchor.now.monotonic
            var step = Duration.zero

            var now: ClockAnchor {
                let monotonic = ClockAnchor.now.monotonic
                let wall = UnixTime(seconds: 1_800_000_000).advanced(by: start.duration(to: monotonic) + step)
                return ClockAnchor(monotonic: monotonic, realtime: wall)
            }
        }

        @Test func nothingIsLostOrCountedTwiceOver200Swaps() throws {
            let pair = try LoadedPair()
            let clock = SteppedClock()
            var meter = try pair.installation.meter(interval: Self.interval, now: clock.now)
            var tally = WindowTally()
            try pair.start()
            while tally.windows < Self.swaps {
                let due = meter.openWindow.due
                try waitUntil("the window is due") { ClockAnchor.now.monotonic >= due }
                tally.add(try Self.close(&meter, at: clock.now, after: tally.last))
            }
            let sent = try pair.stop()
            tally.add(try #require(try meter.cutShort(at: clock.now)))
            #expect(tally.busyWindows >= Self.swaps)
            try pair.check(tally, sent)
        }

        /// Windows back to back, each as long as it takes to close the one before: a grace period, 8 to 16 ms.
        ///
        /// `WEIR_SOAK_SWAPS` of them; tools/soak asks for 10,000. The 2,500 are half a minute and millions of datagrams: a swap
        /// that did not wait for the grace period would miss one in a million.
        @Test func `nothing is lost or counted twice over many swaps`() throws {
            let swaps = ProcessInfo.processInfo.environment["WEIR_SOAK_SWAPS"].flatMap { Int($0) } ?? 2500
            let pair = try LoadedPair()
            var meter = try pair.installation.meter(interval: .seconds(3600))
            var tally = WindowTally()
            try pair.start()
            // Where others have the CPUs, the senders miss a window now and then.
            while tally.busyWindows < swaps, tally.windows < 2 * swaps { try Self.cut(&meter, &tally) }
            let sent = try pair.stop()
            try Self.cut(&meter, &tally)
            #expect(tally.busyWindows >= swaps)
            try pair.check(tally, sent)
            print("\(tally.windows) windows, \(sent.values.reduce(0, +)) datagrams from two CPUs")
        }

        private static func cut(_ meter: inout FlowMeter<KernelFlowSource>, _ tally: inout WindowTally) throws {
            let closed = try #require(try meter.cutShort(at: .now))
            tally.add(closed)
            try meter.release(closed)
        }

        /// The wall clock jumps an hour ahead, and back, in the middle of every fifth window.
        @Test func aStepOfAnHourMovesNoFlowOutOfItsWindow() throws {
            let pair = try LoadedPair()
            var clock = SteppedClock()
            var meter = try pair.installation.meter(interval: Self.interval, now: clock.now)
            var tally = WindowTally()
            var steps = 0
            try pair.start()
            while tally.windows < Self.swaps {
                if tally.windows % 5 == 4 {
                    clock.step += .seconds(Self.hours[steps % Self.hours.count] * 3600)
                    steps += 1
                } else {
                    let due = meter.openWindow.due
                    try waitUntil("the window is due") { ClockAnchor.now.monotonic >= due }
                }
                tally.add(try Self.close(&meter, at: clock.now, after: tally.last))
            }
            let sent = try pair.stop()
            tally.add(try #require(try meter.cutShort(at: clock.now)))
            #expect(tally.forcedWindows == steps + 1)
            try pair.check(tally, sent)
        }

        /// Ends the window, which must be due, and checks its edges and that all its records lie within them.
        private static func close(
            _ meter: inout FlowMeter<KernelFlowSource>, at now: ClockAnchor, after last: Window?
        ) throws -> ClosedWindow {
            let closed = try #require(try meter.advance(to: now))
            let finished = ClockAnchor.now.monotonic
            try meter.release(closed)
            checkEdges(closed.window, next: meter.openWindow.anchor.realtime, last, now)
            // Programs are told of the new window some time after the edge, and the kernel's coarse clock is behind by up
            // to a tick: of what is seen at an edge, some is counted before it and some after.
            let earliest = closed.window.start.advanced(by: .zero - tick)
            let latest = closed.anchor.realtime(of: finished)
            for counters in closed.flows.values {
                let first = closed.anchor.realtime(of: counters.first)
                let last = closed.anchor.realtime(of: counters.last)
                #expect(earliest <= first && first <= last && last <= latest)
            }
            return closed
        }

        private static func checkEdges(_ window: Window, next: UnixTime, _ last: Window?, _ now: ClockAnchor) {
            #expect(window.start <= window.end)
            if window.endReason == .activeTimeout {
                #expect(window.end.nanoseconds % interval.wholeNanoseconds == 0)
                #expect(window.end <= now.realtime && next == window.end)
            } else {
                #expect(next == now.realtime)
            }
            if last?.endReason == .activeTimeout { #expect(window.start == last?.end) }
        }

        /// Of the slowest kernel, CONFIG_HZ=100.
        private static let tick = Duration.milliseconds(10)
    }
}
