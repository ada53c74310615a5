// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowModel
import Glibc

/// A moment on the kernel's tick counter and on the monotonic clock.
struct Tick: Sendable {
    let jiffies: UInt32
    let monotonic: MonotonicTime

    /// The time of a packet so many ticks later, within one tick.
    ///
    /// Jiffies count whole ticks of CLOCK_MONOTONIC (kernel: tick_do_update_jiffies64), so that the two never drift apart.
    func time(after ticks: UInt32) -> MonotonicTime {
        MonotonicTime(nanoseconds: monotonic.nanoseconds + UInt64(ticks) * Self.nanoseconds)
    }

    /// The length of a tick, 1/CONFIG_HZ: it is the resolution of the coarse clocks (clock_getres(2)).
    static let nanoseconds: UInt64 = {
        var resolution = timespec()
        _ = unsafe clock_getres(CLOCK_MONOTONIC_COARSE, &resolution)
        return UInt64(resolution.tv_nsec)
    }()
}

extension Tick {
    init(_ tick: weir_tick) {
        jiffies = tick.jiffies
        monotonic = MonotonicTime(nanoseconds: tick.monotonic_ns)
    }

    var abi: weir_tick { weir_tick(monotonic_ns: monotonic.nanoseconds, jiffies: jiffies, zero: 0) }

    /// The ticks that a line's 25 bits of time stand for, rounded down where they are coarse.
    static func count(ofLine time: UInt64) -> UInt32 {
        let coarse = UInt64(WEIR_LINE_COARSE)
        let ticks = time & coarse == 0 ? time : (time & (coarse - 1)) << UInt64(WEIR_LINE_COARSE_SHIFT)
        return UInt32(truncatingIfNeeded: ticks)
    }
}

/// Reads the kernel's tick counter, by way of a program that returns it.
package struct TickClock: ~Copyable {
    private let program: BPFProgram

    package init() throws(KernelError) {
        let object = try BPFObject(EmbeddedObjects.clock, named: WEIR_PROGRAM_CLOCK)
        try object.load()
        program = try object.program(named: WEIR_PROGRAM_CLOCK)
    }

    /// Of the clocks the coarse one is that which the kernel moves with the tick. Where the tick is late, since the
    /// machine's CPU was somebody else's, the other is ahead of both, and packets would be counted in the future.
    borrowing func now() throws(KernelError) -> Tick {
        var monotonic = Self.coarse
        var tick: Tick
        var tries = 0
        repeat {
            tick = Tick(jiffies: UInt32(bitPattern: try program.run(on: Self.frame)), monotonic: monotonic)
            monotonic = Self.coarse
            tries += 1
        } while monotonic != tick.monotonic && tries < 100
        return tick
    }

    private static var coarse: MonotonicTime {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// The shortest that BPF_PROG_TEST_RUN takes.
    private static let frame = [UInt8](repeating: 0, count: 14)
}
