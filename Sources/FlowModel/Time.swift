// SPDX-License-Identifier: Apache-2.0

/// Nanoseconds of CLOCK_MONOTONIC: never stepped, meaningless beyond this boot.
package struct MonotonicTime: Hashable, Comparable, Sendable, BitwiseCopyable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    package func advanced(by duration: Duration) -> Self {
        MonotonicTime(nanoseconds: UInt64(max(0, Int64(nanoseconds) + duration.wholeNanoseconds)))
    }

    package func duration(to other: Self) -> Duration {
        .nanoseconds(Int64(other.nanoseconds) - Int64(nanoseconds))
    }
}

/// Nanoseconds since 1970-01-01 00:00:00 UTC, without leap seconds: CLOCK_REALTIME, which can be stepped.
package struct UnixTime: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    package init(seconds: Int64) { nanoseconds = seconds * 1_000_000_000 }

    /// Whole seconds, rounded down.
    package var seconds: Int64 {
        // Unsigned, since that is a multiplication and a shift for a divisor that the compiler knows.
        guard nanoseconds < 0 else { return Int64(UInt64(nanoseconds) / 1_000_000_000) }
        return nanoseconds.floorDivided(by: 1_000_000_000)
    }
    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 {
        guard nanoseconds < 0 else { return Int64(UInt64(nanoseconds) / 1_000_000) }
        return nanoseconds.floorDivided(by: 1_000_000)
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    package func advanced(by duration: Duration) -> Self {
        UnixTime(nanoseconds: nanoseconds + duration.wholeNanoseconds)
    }

    package func duration(to other: Self) -> Duration { .nanoseconds(other.nanoseconds - nanoseconds) }

    /// The first multiple of the length after this moment, counted from the epoch.
    package func nextMultiple(of length: Duration) -> Self {
        let step = length.wholeNanoseconds
        return UnixTime(nanoseconds: (nanoseconds.floorDivided(by: step) + 1) * step)
    }
}

/// Both clocks read at one moment: what turns kernel times into wall-clock times.
package struct ClockAnchor: Equatable, Sendable {
    package let monotonic: MonotonicTime
    package let realtime: UnixTime

    package init(monotonic: MonotonicTime, realtime: UnixTime) {
        self.monotonic = monotonic
        self.realtime = realtime
    }

    package func realtime(of moment: MonotonicTime) -> UnixTime {
        realtime.advanced(by: monotonic.duration(to: moment))
    }
}

extension Duration {
    package var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

extension Int64 {
    package func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
