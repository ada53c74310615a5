// SPDX-License-Identifier: Apache-2.0

/// What is in force, for people.
package struct PolicyReport: Equatable, Sendable {
    package var path: String
    package var document: PolicyDocument
    package var version: Int
    package var kernelRules: Int
    package var masks: Int
    package var ports: [PolicyPortReport]
}

/// What holds for one port.
package struct PolicyPortReport: Codable, Equatable, Sendable {
    package var port: String
    package var mode: String
    package var groups: [String]
    /// Whether it was to be enforced, and is not, since the port is a switch's.
    package var isOnlyAudited: Bool

    enum CodingKeys: String, CodingKey {
        case port, mode, groups
        case isOnlyAudited = "only_audited"
    }
}
