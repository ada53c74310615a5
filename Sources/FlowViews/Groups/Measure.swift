// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import FlowStore

/// What groups are compared by.
package enum Measure: String, CaseIterable, Sendable {
    case bytes, packets, flows
    /// Packets that were rejected.
    case rejects

    package func value(of counts: StoreTotals.Counts) -> UInt64 {
        switch self {
        case .bytes: counts.octets
        case .packets: counts.packets
        case .flows: counts.flows
        case .rejects: counts.rejectedPackets
        }
    }

    /// The part of the value that was rejected.
    func rejected(of counts: StoreTotals.Counts) -> UInt64 {
        switch self {
        case .bytes: counts.rejectedOctets
        case .packets, .rejects: counts.rejectedPackets
        case .flows: counts.rejectedFlows
        }
    }

    /// As people read it.
    func text(_ value: UInt64) -> String { self == .bytes ? HumanUnits.octets(value) : HumanUnits.count(value) }

    /// At the head of a table.
    var title: String {
        switch self {
        case .bytes: "OCTETS"
        case .packets: "PACKETS"
        case .flows: "FLOWS"
        case .rejects: "REJECTED"
        }
    }

    /// In a sentence: `most octets first`.
    package var noun: String {
        switch self {
        case .bytes: "octets"
        case .packets: "packets"
        case .flows: "flows"
        case .rejects: "rejected packets"
        }
    }
}
