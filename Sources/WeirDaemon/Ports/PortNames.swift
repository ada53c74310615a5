// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowModel
import Host
package import OpenVSwitch
package import WeirConfiguration

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

    /// The same, as a configuration says that was read again.
    func following(_ configuration: Configuration) -> PortNames {
        PortNames(configuration, notes: notes, board: board)
    }

    package func port(_ registered: RegisteredPort) -> Port { port(registered, nil) }

    /// All that are measured at this moment, and where records of some stand in for what nobody sees at others.
    package func ports(_ registered: [RegisteredPort]) -> [PortNumber: Port] {
        let plan = standIns(registered)
        return Dictionary(uniqueKeysWithValues: registered.map { ($0.number, port($0, plan)) })
    }

    private func port(_ registered: RegisteredPort, _ plan: StandInPlan?) -> Port {
        // One that has been attached this moment is not noted yet.
        let said = notes?.identity(of: registered) ?? board?.ports?[registered.name]?.identity
        return configuration.port(registered, said: said, standIn: plan?.standIn(of: registered.name))
    }

    private func standIns(_ registered: [RegisteredPort]) -> StandInPlan? {
        guard let board, board.choice.standsIn, let ports = board.ports else { return nil }
        let measured = registered.filter { !$0.isClosing }
        let plan = StandInPlan(
            ports, measured: Set(measured.map(\.name)),
            unobserved: Set(measured.filter { $0.toHook == .unobserved }.map(\.name)), isUp: NetworkInterface.isUp)
        board.note(plan)
        return plan
    }
}
