// SPDX-License-Identifier: Apache-2.0

/// What an operator should know of a component now, in a sentence: `weir status --check` makes one line of all of them.
package struct Concern: Equatable, Sendable {
    /// The exit status of the command, as monitoring plugins have it.
    package enum Level: Int, Comparable, Sendable {
        case fine = 0
        /// Measuring goes on and nothing is lost so far, or a little is and is known; an operator should look.
        case warning = 1
        /// Something is not measured, not published, or not accounted for.
        case critical = 2

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

        package var word: String {
            switch self {
            case .fine: "OK"
            case .warning: "WARNING"
            case .critical: "CRITICAL"
            }
        }
    }

    package let level: Level
    package let text: String

    package static func warning(_ text: String) -> Self { Self(level: .warning, text: text) }

    package static func critical(_ text: String) -> Self { Self(level: .critical, text: text) }
}
