// SPDX-License-Identifier: Apache-2.0

/// CPU time of a frame where frames are written to many taps, one after the other.
package struct TapTurnsFigure: Codable, Sendable {
    package let subject: String
    package let taps: Int
    package let gross: Figure
    /// More than without a program.
    package let delta: Figure

    package init(subject: String, taps: Int, gross: Figure, delta: Figure) {
        self.subject = subject
        self.taps = taps
        self.gross = gross
        self.delta = delta
    }
}
