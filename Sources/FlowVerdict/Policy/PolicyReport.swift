// SPDX-License-Identifier: Apache-2.0

/// What is in force, for people.
package struct PolicyReport: Equatable, Sendable {
    package var path: String
    package var document: PolicyDocument
    package var version: Int
    package var kernelRules: Int
    package var masks: Int
    package var ports: [PolicyPortReport]

    package init(
        path: String, document: PolicyDocument, version: Int, kernelRules: Int, masks: Int, ports: [PolicyPortReport]
    ) {
        self.path = path
        self.document = document
        self.version = version
        self.kernelRules = kernelRules
        self.masks = masks
        self.ports = ports
    }
}

/// What holds for one port.
package struct PolicyPortReport: Codable, Equatable, Sendable {
    package var port: String
    package var mode: String
    package var groups: [String]
    /// Whether it was to be enforced, and is not, since the port is a switch's.
    package var isOnlyAudited: Bool

    package init(port: String, mode: String, groups: [String], isOnlyAudited: Bool) {
        self.port = port
        self.mode = mode
        self.groups = groups
        self.isOnlyAudited = isOnlyAudited
    }

    enum CodingKeys: String, CodingKey {
        case port, mode, groups
        case isOnlyAudited = "only_audited"
    }
}
