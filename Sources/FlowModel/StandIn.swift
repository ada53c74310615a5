// SPDX-License-Identifier: Apache-2.0

/// On a bridge all of whose ports are measured, what comes in at one port for the machine behind another leaves there: where
/// no program sees it leave, the record of its coming can stand in.
package struct StandIn: Equatable, Sendable {
    /// The name of the bridge that the port is on.
    package let bridge: String
    /// The address of the machine behind the port, where frames to it are not observed; nil where they are.
    package let address: MACAddress?

    package init(bridge: String, address: MACAddress? = nil) {
        self.bridge = bridge
        self.address = address
    }
}
