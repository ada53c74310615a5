// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension IPVersion {
    /// The value of AWS's `type`.
    var typeName: String {
        switch self {
        case .v4: "IPv4"
        case .v6: "IPv6"
        }
    }
}

extension Direction {
    /// The value of AWS's `flow-direction`.
    var name: String {
        switch self {
        case .ingress: "ingress"
        case .egress: "egress"
        }
    }
}

extension Verdict {
    /// The value of AWS's `action`; nil is not known.
    var action: String? {
        switch self {
        case .accept: "ACCEPT"
        case .reject: "REJECT"
        case .unknown: nil
        }
    }

    /// The value of AWS's `reject-reason`; nil is not known, or nothing was rejected.
    var rejectReason: String? {
        if case .reject(_, let reason) = self { reason } else { nil }
    }
}
