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
        guard has(now: now) else { return false }
        tokens -= 1
        return true
    }

    fileprivate mutating func has(now: ContinuousClock.Instant) -> Bool {
        tokens = min(capacity, tokens + (last.duration(to: now) / .seconds(1)) * rate)
        last = now
        return tokens >= 1
    }
}

/// The same of many ports together, of which none takes more than its share: what is asked for one costs another nothing.
package struct SharedTokens: Sendable {
    private var all: TokenBucket
    private let rateOfPort: Int
    private var ports: [String: TokenBucket] = [:]

    /// One port's part of it, as of a flow table.
    private static let part = 4
    /// Ports that are known by name; when there are more, all of them begin anew.
    private static let mostPorts = 8192

    package init(rate: Int, now: ContinuousClock.Instant) {
        all = TokenBucket(rate: rate, now: now)
        rateOfPort = (rate + Self.part - 1) / Self.part
    }

    /// Takes one for the port, if there is one, and the port has not had its share.
    package mutating func take(for port: String, now: ContinuousClock.Instant) -> Bool {
        if ports.count >= Self.mostPorts { ports = [:] }
        var own = ports[port] ?? TokenBucket(rate: rateOfPort, now: now)
        let isTaken = all.has(now: now) && own.take(now: now) && all.take(now: now)
        ports[port] = own
        return isTaken
    }
}
