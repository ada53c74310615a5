// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowModel
package import WeirConfiguration

extension Configuration {
    /// A port as the records name it.
    ///
    /// - Parameter said: its owner from another source; the configuration takes precedence.
    package func port(
        _ registered: RegisteredPort, said: PortIdentity? = nil, standIn: StandIn? = nil
    ) -> Port {
        var identity = identity(forPort: registered.name)
        identity.interfaceID = identity.interfaceID ?? said?.interfaceID
        identity.instanceID = identity.instanceID ?? said?.instanceID
        return Port(
            number: registered.number, name: registered.name, role: registered.role, identity: identity,
            standIn: standIn)
    }
}

extension PortRule {
    /// How a port is attached that the rule decides about.
    var attach: AttachOptions { AttachOptions(role: role, hook: hook, xdpMode: xdpMode) }
}
