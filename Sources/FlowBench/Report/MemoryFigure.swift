// SPDX-License-Identifier: Apache-2.0

/// Kernel memory of tables with room for that many flows.
package struct MemoryFigure: Codable, Sendable {
    package let subject: String
    package let flows: Int
    package let bytes: UInt64
    package let bytesAFlow: Double

    package init(subject: String, flows: Int, bytes: UInt64) {
        self.subject = subject
        self.flows = flows
        self.bytes = bytes
        bytesAFlow = (Double(bytes) / Double(flows) * 10).rounded() / 10
    }

    enum CodingKeys: String, CodingKey {
        case subject, flows, bytes
        case bytesAFlow = "bytes_a_flow"
    }
}
