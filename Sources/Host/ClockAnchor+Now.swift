// SPDX-License-Identifier: Apache-2.0

package import FlowModel
import Glibc

extension ClockAnchor {
    /// Reads both clocks now. CLOCK_MONOTONIC is the one that jiffies follow.
    package static var now: ClockAnchor {
        ClockAnchor(
            monotonic: MonotonicTime(nanoseconds: UInt64(nanoseconds(of: CLOCK_MONOTONIC))),
            realtime: UnixTime(nanoseconds: nanoseconds(of: CLOCK_REALTIME)))
    }

    private static func nanoseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
