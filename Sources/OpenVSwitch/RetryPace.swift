// SPDX-License-Identifier: Apache-2.0

/// How long to leave something alone that has failed: twice as long each time, up to a limit.
package struct RetryPace: Equatable, Sendable {
    private var next = first

    package static let first = Duration.milliseconds(250)
    package static let longest = Duration.seconds(2)

    package init() {}

    /// How long to wait now.
    package mutating func pause() -> Duration {
        defer { next = min(next * 2, Self.longest) }
        return next
    }

    /// It has worked.
    package mutating func reset() { next = Self.first }
}
