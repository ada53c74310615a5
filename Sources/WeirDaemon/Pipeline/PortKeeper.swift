// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowModel

/// Keeps the ports that are measured in step with the configuration and with the interfaces that exist.
package struct PortKeeper: ~Copyable {
    package let installation: Installation
    private let configuration: Configuration
    /// Interfaces that were attached or refused once: what an operator then detaches stays detached until it comes anew.
    private var handled: Set<NetworkInterface> = []

    /// What a review found.
    package struct Changes: Equatable, Sendable {
        package var attached: [RegisteredPort] = []
        package var gone: [RegisteredPort] = []
        package var refused: [KernelError] = []
    }

    package init(installation: consuming Installation, configuration: Configuration) {
        self.installation = installation
        self.configuration = configuration
    }

    /// Attaches every port that the configuration names; ports that are attached already are adopted.
    ///
    /// Throws where a port that is named without a wildcard cannot be attached, and detaches those it had attached.
    package mutating func attachAll() throws(KernelError) -> [RegisteredPort] {
        try configuration.refuseMissingPorts()
        let interfaces = try unattachedInterfaces()
        handled.formUnion(wantedInterfaces)
        var attached: [RegisteredPort] = []
        do throws(KernelError) {
            for interface in interfaces {
                attached.append(try installation.attach(interface.name, options(for: interface)))
            }
        } catch {
            for port in attached { try? installation.detach(port) }
            throw error
        }
        return attached
    }

    /// Attaches interfaces that have come and closes ports whose interface has gone.
    package mutating func review() throws(KernelError) -> Changes {
        var changes = Changes()
        for port in try installation.attachedPorts() where !installation.isAlive(port) { close(port, &changes) }
        let wanted = wantedInterfaces
        handled.formIntersection(wanted)
        for interface in try unattachedInterfaces() where !handled.contains(interface) { attach(interface, &changes) }
        handled.formUnion(wanted)
        return changes
    }

    private func close(_ port: RegisteredPort, _ changes: inout Changes) {
        do throws(KernelError) {
            if try installation.detachIfDead(port) { changes.gone.append(port) }
        } catch {
            changes.refused.append(error)
        }
    }

    private func attach(_ interface: NetworkInterface, _ changes: inout Changes) {
        do throws(KernelError) {
            changes.attached.append(try installation.attach(interface.name, options(for: interface)))
        } catch {
            changes.refused.append(error)
        }
    }

    private func options(for interface: NetworkInterface) -> AttachOptions {
        configuration.rule(forPort: interface.name)?.attach ?? AttachOptions()
    }

    private func unattachedInterfaces() throws(KernelError) -> [NetworkInterface] {
        let namespace = try NetworkInterface.currentNamespace()
        let attached = Set(try installation.attachedPorts().filter { $0.isIn(namespace) }.map(\.interfaceIndex))
        return wantedInterfaces.filter { !attached.contains($0.index) }
    }

    private var wantedInterfaces: [NetworkInterface] {
        NetworkInterface.all.filter { configuration.rule(forPort: $0.name) != nil }
    }
}

extension Configuration {
    /// Throws where a port that is named without a wildcard does not exist.
    package func refuseMissingPorts() throws(KernelError) {
        for rule in ports where !rule.pattern.isWildcard { _ = try NetworkInterface.named(rule.pattern.text) }
    }
}

extension PortKeeper {
    /// All ports that can have counts in the open window, as the records name them.
    package func ports() throws(KernelError) -> [PortNumber: Port] {
        let ports = try installation.tables.maps.registeredPorts()
        return Dictionary(uniqueKeysWithValues: ports.map { ($0.number, configuration.port($0)) })
    }

    /// Ports that are detached and whose last window is the one open now.
    package func closingPorts() throws(KernelError) -> [PortNumber] {
        try installation.tables.maps.registeredPorts().filter(\.isClosing).map(\.number)
    }

    /// Takes all programs away and leaves every interface as it was found.
    package func detachAll() throws(KernelError) {
        for port in try installation.attachedPorts() { try installation.detach(port) }
    }

    /// Removes every pin where no port is attached any more.
    package func removeIfUnused() throws(KernelError) { try installation.removeIfUnused() }
}
