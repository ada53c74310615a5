// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension FlowRecord {
    /// Of the names that no port's pieces hold; 0 for most records.
    var lengthOfNames: Int {
        var length = 0
        if let attribution {
            length += (attribution.sourceService?.utf8.count ?? 0) + (attribution.destinationService?.utf8.count ?? 0)
        }
        if let reason = verdict.reason { length += reason.text.utf8.count }
        if let rule = verdict.rule { length += rule.text.utf8.count }
        if let observedAt { length += observedAt.name.utf8.count }
        if let sourceName { length += sourceName.text.utf8.count }
        if let destinationName { length += destinationName.text.utf8.count }
        return length
    }
}

extension Verdict.Action {
    /// The value of AWS's `action`; a dash where it is not known.
    var awsWord: String {
        switch self {
        case .accept: "ACCEPT"
        case .reject: "REJECT"
        case .unknown, .mixed: "-"
        }
    }
}

extension LineWriter {
    /// The value of AWS's `type`.
    @inline(__always)
    mutating func typeName(_ version: IPVersion) {
        switch version {
        case .v4: text("IPv4")
        case .v6: text("IPv6")
        }
    }

    /// The value of AWS's `flow-direction`.
    @inline(__always)
    mutating func name(_ direction: Direction) {
        switch direction {
        case .ingress: text("ingress")
        case .egress: text("egress")
        }
    }

    /// The value of AWS's `action`; a dash where it is not known.
    @inline(__always)
    mutating func action(_ verdict: Verdict) {
        switch verdict.action {
        case .accept: text("ACCEPT")
        case .reject: text("REJECT")
        case .unknown, .mixed: text("-")
        }
    }
}
