// SPDX-License-Identifier: Apache-2.0

/// A packet through a program that is run by BPF_PROG_TEST_RUN.
package struct PacketFigure: Codable, Sendable {
    package let subject: String
    package let hook: String
    package let frame: String
    package let flows: Int
    package let distribution: FlowDistribution
    /// Without what the harness with an empty program takes.
    package let net: Figure
    /// With it.
    package let gross: Figure

    package init(
        subject: String, hook: String, frame: String, flows: Int, distribution: FlowDistribution, net: Figure,
        gross: Figure
    ) {
        self.subject = subject
        self.hook = hook
        self.frame = frame
        self.flows = flows
        self.distribution = distribution
        self.net = net
        self.gross = gross
    }
}
