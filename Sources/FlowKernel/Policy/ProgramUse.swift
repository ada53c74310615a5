// SPDX-License-Identifier: Apache-2.0

/// What else a program does with each packet.
package struct ProgramUse: Hashable, Sendable, CaseIterable {
    /// Which frames it copies to where.
    package enum Copying: Hashable, Sendable, CaseIterable {
        case nothing
        /// The beginnings of some, as samples.
        case samples
        /// Those that a tap session takes; and samples.
        case frames
    }

    /// Whether it asks the policy.
    package var asksPolicy: Bool
    package var copying: Copying

    package init(asksPolicy: Bool, copying: Copying = .nothing) {
        self.asksPolicy = asksPolicy
        self.copying = copying
    }

    package static let plain = ProgramUse(asksPolicy: false)
    package static let judged = ProgramUse(asksPolicy: true)
    package static let copied = ProgramUse(asksPolicy: false, copying: .frames)

    package static let allCases = [false, true].flatMap { asksPolicy in
        Copying.allCases.map { ProgramUse(asksPolicy: asksPolicy, copying: $0) }
    }
}
