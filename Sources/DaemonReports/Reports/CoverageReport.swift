// SPDX-License-Identifier: Apache-2.0

/// How completely attached ports are measured.
package struct CoverageReport: Codable, Equatable, Sendable {
    /// A port that is attached and not measured in both directions, or not judged as it should be.
    package struct Impaired: Codable, Equatable, Sendable {
        package var port: String
        package var reason: String

        package init(port: String, reason: String) {
            self.port = port
            self.reason = reason
        }
    }

    /// How often something that a port is measured with had been taken away by another process.
    package var interruptions: UInt64 = 0
    /// The last of them, in a sentence; nil while there was none.
    package var lastInterruption: String?
    package var impaired: [Impaired] = []

    package init() {}

    enum CodingKeys: String, CodingKey {
        case interruptions, impaired
        case lastInterruption = "last_interruption"
    }
}
