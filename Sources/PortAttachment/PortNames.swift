// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowModel
import Host
package import OpenVSwitch
package import PortDirectory
package import WeirConfiguration

/// How records name ports: as the configuration says, and what that leaves open as the directories do.
package struct PortNames: Sendable {
    private let rules: PortListing
    private let directory: MergedDirectory
    private let notes: PortNotes?
    private let board: SwitchBoard?

    /// - Parameters:
    ///   - notes: what the directory has said of ports.
    ///   - board: of the switch at whose ports records of others may stand in.
    package init(
        _ configuration: Configuration, directory: MergedDirectory = MergedDirectory([]), notes: PortNotes? = nil,
        board: SwitchBoard? = nil
    ) {
        self.init(RuleDirectory(configuration).rules, directory, notes, board)
    }

    private init(_ rules: PortListing, _ directory: MergedDirectory, _ notes: PortNotes?, _ board: SwitchBoard?) {
        self.rules = rules
        self.directory = directory
        self.notes = notes
        self.board = board
    }

    /// The same, as a configuration says that was read again.
    package func following(_ configuration: Configuration) -> PortNames {
        PortNames(RuleDirectory(configuration).rules, directory, notes, board)
    }

    package func port(_ registered: RegisteredPort) -> Port { port(registered, nil) }

    /// All that are measured at this moment, and where records of some stand in for what is not observed at others.
    package func ports(_ registered: [RegisteredPort]) -> [PortNumber: Port] {
        let plan = standIns(registered)
        return Dictionary(uniqueKeysWithValues: registered.map { ($0.number, port($0, plan)) })
    }

    /// The records of a window have their names.
    package func endWindow(_ registered: [RegisteredPort]) {
        notes?.endWindow(staying: registered.filter { !$0.isClosing })
    }

    private func port(_ registered: RegisteredPort, _ plan: StandInPlan?) -> Port {
        Port(
            number: registered.number, name: registered.name, role: registered.role, identity: identity(of: registered),
            standIn: plan?.standIn(of: registered.name), addresses: addresses(of: registered))
    }

    private func addresses(of port: RegisteredPort) -> [IPAddress] {
        notes?.addresses(of: port) ?? directory.listing?.facts(of: port.name)?.addresses ?? []
    }

    private func identity(of port: RegisteredPort) -> PortIdentity {
        // One that has been attached this moment is not noted yet.
        let said = notes?.identity(of: port) ?? directory.listing?.facts(of: port.name)?.identity
        let own = rules.facts(of: port.name)?.identity ?? PortIdentity()
        return said.map(own.completed) ?? own
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

extension RegisteredPort: NotablePort {}
