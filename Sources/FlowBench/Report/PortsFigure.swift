// SPDX-License-Identifier: Apache-2.0

/// How long something takes with many ports. Wall time in milliseconds, once.
package struct PortsFigure: Codable, Sendable {
    package let action: String
    package let ports: Int
    package let milliseconds: Double
    package let microsecondsAPort: Double

    package init(action: String, ports: Int, milliseconds: Double) {
        self.action = action
        self.ports = ports
        self.milliseconds = (milliseconds * 10).rounded() / 10
        microsecondsAPort = (milliseconds * 10_000 / Double(ports)).rounded() / 10
    }

    enum CodingKeys: String, CodingKey {
        case action, ports, milliseconds
        case microsecondsAPort = "microseconds_a_port"
    }
}
