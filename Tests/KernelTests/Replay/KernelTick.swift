// SPDX-License-Identifier: Apache-2.0

import FlowModel
internal import Foundation

/// The clock by which packets are timed: the kernel moves it with its tick, which is late where somebody else has the
/// machine's CPU.
enum KernelTick {
    /// 1/CONFIG_HZ: the resolution of the coarse clocks (clock_getres(2)).
    static let length: Duration = {
        var resolution = timespec()
        _ = unsafe clock_getres(CLOCK_MONOTONIC_COARSE, &resolution)
        return .nanoseconds(resolution.tv_nsec)
    }()

    /// One tick, and nanoseconds by which the kernel's rounding parts the clock from the count of ticks.
    static let tolerance = length + length / 100

    static var now: MonotonicTime {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
