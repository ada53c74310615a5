// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
package import Host

extension FlowTables {
    /// Loads a program for one port, on these tables.
    ///
    /// - Parameter use: if the policy is asked, `makePolicy` must have been called.
    package func load(
        _ kind: ProgramKind, for port: RegisteredPort, use: ProgramUse = .plain
    ) throws(KernelError) -> Program {
        try Program.load(kind, try open(kind, for: port, use: use), use: use)
    }

    /// Its object, made ready to be loaded.
    func open(_ kind: ProgramKind, for port: RegisteredPort, use: ProgramUse) throws(KernelError) -> BPFObject {
        let configuration = weir_program_config(
            port: port.number.rawValue, role: port.role.rawValue, zero: 0, network_namespace: 0,
            table: control.table)
        if use.asksPolicy { try maps.publishConnections(of: [port]) }
        let object = try Program.open(
            kind, ProgramOptions(kind, for: geometry.engine, use: use).object, configuration,
            use: use, maps: maps)
        if kind == .xskFromPort { try maps.shareSockets(with: object, port: port) }
        return object
    }
}
