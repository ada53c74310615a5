// SPDX-License-Identifier: Apache-2.0

/// From slots at rest to merged records, and on to AWS text in a buffer.
package struct RecordFigure: Codable, Sendable {
    package let subject: String
    package let flows: Int
    package let merged: Figure
    package let formatted: Figure

    package init(subject: String, flows: Int, merged: Figure, formatted: Figure) {
        self.subject = subject
        self.flows = flows
        self.merged = merged
        self.formatted = formatted
    }
}
