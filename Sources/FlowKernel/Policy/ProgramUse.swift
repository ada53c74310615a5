// SPDX-License-Identifier: Apache-2.0

/// What else a program does with each packet.
package struct ProgramUse: Hashable, Sendable, CaseIterable {
    /// Whether it asks the policy.
    package var asksPolicy: Bool
    /// Whether it copies frames that a tap session takes, and samples.
    package var copies: Bool

    package init(asksPolicy: Bool, copies: Bool = false) {
        self.asksPolicy = asksPolicy
        self.copies = copies
    }

    package static let plain = ProgramUse(asksPolicy: false)
    package static let judged = ProgramUse(asksPolicy: true)
    package static let copied = ProgramUse(asksPolicy: false, copies: true)

    package static let allCases = [plain, judged, copied, ProgramUse(asksPolicy: true, copies: true)]
}
