// SPDX-License-Identifier: Apache-2.0

import Host

extension PinDirectory {
    /// Whether a port that is attached there, in whatever layout, has an entry in libxdp's dispatcher.
    package var hasDispatchedPorts: Bool {
        func isDispatched(_ port: RegisteredPort) -> Bool { !port.isClosing && port.fromHook == .xdpDispatched }
        if let own = try? Installation.open(self, rights: .read), let ports = try? own.attachedPorts(),
            ports.contains(where: isDispatched)
        {
            return true
        }
        return otherLayouts.contains { name in
            guard let tables = try? EarlierTables.open(withLayout(named: name).layout) else { return false }
            return (try? tables.registeredPorts())?.contains(where: isDispatched) ?? false
        }
    }
}
