// SPDX-License-Identifier: Apache-2.0

/// Whether the packets of a flow were let through, and who says so.
package enum Verdict: Equatable, Sendable {
    case accept(VerdictSource)
    case reject(VerdictSource, reason: String?)
    case unknown

    package var source: VerdictSource? {
        switch self {
        case .accept(let source), .reject(let source, _): source
        case .unknown: nil
        }
    }
}

/// Where the knowledge of a verdict comes from.
package enum VerdictSource: Equatable, Sendable {
    /// A frame was counted at the port's own egress hook.
    case observed

    package var name: String {
        switch self {
        case .observed: "observed"
        }
    }
}
