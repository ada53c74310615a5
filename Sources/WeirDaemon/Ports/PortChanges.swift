// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
import FlowModel
import Logging

/// What became of ports.
package struct PortChanges: Equatable, Sendable {
    /// A port that has another name now.
    package struct Renaming: Equatable, Sendable {
        package var port: RegisteredPort
        package var name: String
    }

    package var attached: [RegisteredPort] = []
    package var gone: [RegisteredPort] = []
    package var renamed: [Renaming] = []
    /// Detached, because the switch has no such port any more.
    package var released: [RegisteredPort] = []
    /// Detached, because the switch has it in another way now; the interface is attached anew.
    package var changed: [RegisteredPort] = []
    /// Detached, because the configuration that was read again does not name them, or has them attached another way.
    package var dropped: [RegisteredPort] = []
    package var refused: [KernelError] = []
    /// Why ports were attached without the policy that they were to have.
    package var policyFailures: [String] = []
    /// Whether the kernel could not keep all that happened, so that the interfaces are listed anew.
    package var hasLostEvents = false

    package init() {}
}

extension Logger {
    func log(_ changes: PortChanges) {
        if changes.hasLostEvents {
            notice("more happened to interfaces than the kernel could keep; looking at all of them")
        }
        for failure in changes.policyFailures { error("\(failure)") }
        for port in changes.attached { notice("attached \(port.name) as port \(port.number.rawValue)") }
        for port in changes.gone {
            notice("\(port.name) is gone; its last records come with this window (port \(port.number.rawValue))")
        }
        for change in changes.renamed {
            notice("\(change.port.name) is called \(change.name) now (port \(change.port.number.rawValue))")
        }
        for port in changes.released {
            notice(
                "Open vSwitch has given up \(port.name); its last records come with this window (port \(port.number.rawValue))"
            )
        }
        for port in changes.changed {
            notice(
                "Open vSwitch reads \(port.name) another way now: it is attached anew; the last records of port \(port.number.rawValue) come with this window"
            )
        }
        for port in changes.dropped {
            notice(
                "\(port.name) is detached, as the configuration says now; its last records come with this window (port \(port.number.rawValue))"
            )
        }
        for failure in changes.refused { error("\(failure)") }
    }
}
