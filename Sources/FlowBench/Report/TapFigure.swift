// SPDX-License-Identifier: Apache-2.0

/// CPU time of a frame written to a tap, all that the kernel does with it included.
package struct TapFigure: Codable, Sendable {
    package let subject: String
    package let hook: String
    package let frame: String
    package let gross: Figure
    /// More than without a program.
    package let delta: Figure

    package init(subject: String, hook: String, frame: String, gross: Figure, delta: Figure) {
        self.subject = subject
        self.hook = hook
        self.frame = frame
        self.gross = gross
        self.delta = delta
    }
}
