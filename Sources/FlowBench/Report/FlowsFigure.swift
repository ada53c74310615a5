// SPDX-License-Identifier: Apache-2.0

/// Something that is done once a flow, for all flows of a table.
package struct FlowsFigure: Codable, Sendable {
    package let subject: String
    package let flows: Int
    package let nanoseconds: Figure

    package init(subject: String, flows: Int, nanoseconds: Figure) {
        self.subject = subject
        self.flows = flows
        self.nanoseconds = nanoseconds
    }
}
