// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
package import Host

/// A moment on the kernel's tick counter and on the monotonic clock.
struct Tick: Sendable {
    let jiffies: UInt32
    /// CLOCK_MONOTONIC, in nanoseconds.
    let nanoseconds: UInt64
    private let length = Self.length

    init(jiffies: UInt32, nanoseconds: UInt64) {
        self.jiffies = jiffies
        self.nanoseconds = nanoseconds
    }

    /// The time of a packet so many ticks later, in nanoseconds of CLOCK_MONOTONIC, within one tick.
    ///
    /// Jiffies count whole ticks of that clock (kernel: tick_do_update_jiffies64), so that the two never drift apart.
    func nanoseconds(after ticks: UInt32) -> UInt64 { nanoseconds &+ UInt64(ticks) &* length }

    /// 1/CONFIG_HZ: the resolution of the coarse clocks (clock_getres(2)).
    private static let length: UInt64 = {
        var resolution = timespec()
        _ = unsafe clock_getres(CLOCK_MONOTONIC_COARSE, &resolution)
        return UInt64(resolution.tv_nsec)
    }()
}

extension Tick {
    init(_ tick: weir_tick) {
        self.init(jiffies: tick.jiffies, nanoseconds: tick.monotonic_ns)
    }

    var abi: weir_tick { weir_tick(monotonic_ns: nanoseconds, jiffies: jiffies, zero: 0) }

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
    /// machine's CPU was taken by another machine, the other is ahead of both, and packets would be counted in the future.
    borrowing func now() throws(KernelError) -> Tick {
        var nanoseconds = Self.coarse
        var tick: Tick
        var tries = 0
        repeat {
            let jiffies = try program.run(on: Self.frame)
            tick = Tick(jiffies: UInt32(bitPattern: jiffies), nanoseconds: nanoseconds)
            nanoseconds = Self.coarse
            tries += 1
        } while nanoseconds != tick.nanoseconds && tries < 100
        return tick
    }

    private static var coarse: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The shortest that BPF_PROG_TEST_RUN takes.
    private static let frame = [UInt8](repeating: 0, count: 14)
}
