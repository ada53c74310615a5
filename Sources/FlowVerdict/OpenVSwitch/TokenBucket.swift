// SPDX-License-Identifier: Apache-2.0

/// Allows so many of something a second, and a few more after a pause.
package struct TokenBucket: Sendable {
    private let rate: Double
    private let capacity: Double
    private var tokens: Double
    private var last: ContinuousClock.Instant

    private static let pause = 5.0

    /// - Parameter rate: a second; 0 allows none.
    package init(rate: Int, now: ContinuousClock.Instant) {
        self.rate = Double(rate)
        capacity = self.rate * Self.pause
        tokens = capacity
        last = now
    }

    /// Takes one, if there is one.
    package mutating func take(now: ContinuousClock.Instant) -> Bool {
        tokens = min(capacity, tokens + (last.duration(to: now) / .seconds(1)) * rate)
        last = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
