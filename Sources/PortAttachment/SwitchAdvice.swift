// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
import FlowModel
package import OpenVSwitch
import PortDirectory

/// What a switch on this host knows of interfaces that an operator attaches.
package struct SwitchAdvice: Sendable {
    private let ports: SwitchPorts?

    private static let patience = Duration.seconds(1)

    /// Asks it, once and briefly. Where there is none, or none that answers, nothing is known.
    package init(from choice: SwitchChoice) {
        ports = try? SwitchClient.ports(of: choice, patience: Self.patience)
    }

    /// The options with the hook and the mode of an AF_XDP port where the operator leaves the hook to what the port is: before the
    /// switch has opened it, the interface does not tell.
    package func complete(_ options: AttachOptions, for interface: String) -> AttachOptions {
        guard options.hook == .auto, let way = ports?[interface]?.way, way != .kernel else { return options }
        var completed = way.attachOptions
        completed.role = options.role
        return completed
    }
}
