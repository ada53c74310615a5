// SPDX-License-Identifier: Apache-2.0

/// How long opening the next window takes, until no program writes the one before. Wall time in microseconds.
package struct SwapFigure: Codable, Sendable {
    package let subject: String
    package let microseconds: Figure
    package let longest: Double

    package init(subject: String, microseconds: Figure, longest: Double) {
        self.subject = subject
        self.microseconds = microseconds
        self.longest = longest
    }
}
