// SPDX-License-Identifier: Apache-2.0

/// What `weir status` says of the drops of the host's stack.
package struct DropReport: Codable, Equatable, Sendable {
    /// Why dropped packets are not seen; nil while they are.
    package var failure: String?
    /// Dropped packets that are not counted by flow.
    package var missed: UInt64
    /// Of them, those that found no room in the share of the port that they came in by.
    package var missedByPort: [String: UInt64]?

    /// Stands for the interfaces that are no ports.
    package static let elsewhere = "other interfaces"

    package init(failure: String?, missed: UInt64, missedByPort: [String: UInt64]?) {
        self.failure = failure
        self.missed = missed
        self.missedByPort = missedByPort
    }

    enum CodingKeys: String, CodingKey {
        case failure, missed
        case missedByPort = "missed_by_port"
    }
}
