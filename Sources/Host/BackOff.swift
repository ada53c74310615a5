// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// How long something that failed is left alone: 1 s after the first failure, twice as long after each that follows, up to a bound; give or
/// take a quarter, so that what failed together is not tried again together.
package struct BackOff: Sendable {
    private let longest: Duration
    private var pause = Duration.zero
    private var until: MonotonicTime?

    package init(atMost longest: Duration = .seconds(60)) { self.longest = longest }

    /// When it may be tried again; nil: now.
    package func wait(at now: MonotonicTime) -> MonotonicTime? {
        until.flatMap { now < $0 ? $0 : nil }
    }

    package mutating func fail(at now: MonotonicTime, using random: inout some RandomNumberGenerator) {
        pause = min(max(pause * 2, .seconds(1)), longest)
        until = now.advanced(by: pause * Double.random(in: 0.75...1.25, using: &random))
    }

    package mutating func succeed() {
        pause = .zero
        until = nil
    }
}
