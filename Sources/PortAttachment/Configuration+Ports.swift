// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowModel
import PortDirectory
package import WeirConfiguration

extension Configuration {
    /// A port as the records name it.
    ///
    /// - Parameter said: its owner from another source; the configuration takes precedence.
    package func port(
        _ registered: RegisteredPort, said: PortIdentity? = nil, standIn: StandIn? = nil
    ) -> Port {
        let identity = identity(forPort: registered.name)
        return Port(
            number: registered.number, name: registered.name, role: registered.role,
            identity: said.map(identity.completed(by:)) ?? identity, standIn: standIn)
    }
}

extension PortRule {
    /// How a port is attached that the rule decides about.
    var attach: AttachOptions { AttachOptions(role: role, hook: hook, xdpMode: xdpMode) }
}
