// SPDX-License-Identifier: Apache-2.0

/// Whether a port was measured throughout a window.
package enum PortCoverage: Equatable, Sendable {
    case whole
    /// The port was attached or detached within the window. What it counted meanwhile is complete.
    case part
    /// Something of the port was taken away while it was measured, so that frames may not have been counted; the reason.
    case interrupted(String)

    package var interruption: String? {
        if case .interrupted(let reason) = self { return reason }
        return nil
    }

    /// The coverage of a window whose parts have these.
    package func combined(with other: PortCoverage) -> PortCoverage {
        switch (self, other) {
        case (.interrupted, _): self
        case (_, .interrupted): other
        case (.part, _), (_, .part): .part
        case (.whole, .whole): .whole
        }
    }
}
