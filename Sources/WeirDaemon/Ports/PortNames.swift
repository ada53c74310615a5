// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowModel
import PortDirectory

/// How records name ports: as the configuration says, else as the switch does.
package struct PortNames: Sendable {
    private let configuration: Configuration
    private let notes: SwitchNotes?
    private let board: SwitchBoard?

    package init(_ configuration: Configuration, notes: SwitchNotes? = nil, board: SwitchBoard? = nil) {
        self.configuration = configuration
        self.notes = notes
        self.board = board
    }

    package func port(_ registered: RegisteredPort) -> Port {
        // One that has been attached this moment is not noted yet.
        let said = notes?.identity(of: registered) ?? board?.ports?[registered.name]?.identity
        return configuration.port(registered, said: said)
    }
}
