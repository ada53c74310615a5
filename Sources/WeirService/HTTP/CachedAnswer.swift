// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An answer that is made at most once in its lifetime and shared by all clients that ask meanwhile, so that neither time nor
/// memory depends on how many ask.
package final class CachedAnswer: Sendable {
    private let lifetime: Duration
    private let make: @Sendable () -> HTTPAnswer
    private let last = Mutex<(answer: HTTPAnswer, made: ContinuousClock.Instant)?>(nil)

    package init(lifetime: Duration, _ make: @escaping @Sendable () -> HTTPAnswer) {
        self.lifetime = lifetime
        self.make = make
    }

    package var answer: HTTPAnswer {
        last.withLock { last in
            let now = ContinuousClock.now
            if let last, last.made.duration(to: now) < lifetime { return last.answer }
            let answer = make()
            last = (answer, now)
            return answer
        }
    }
}
