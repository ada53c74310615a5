// SPDX-License-Identifier: Apache-2.0

import BPF
import Host

extension Installation {
    func xdpDispatcher(of port: RegisteredPort) -> XDPDispatcher {
        XDPDispatcher(interface: port.interface, tables: tables.maps.control.id)
    }

    /// Adds the port's entry to libxdp's dispatcher. The entry asks the policy, whether there is one or not.
    ///
    /// - Parameter earlier: of the tables whose entry it takes over from.
    func addEntry(
        of port: inout RegisteredPort, takingOverFrom earlier: PinDirectory? = nil
    ) throws(KernelError) {
        try tables.makePolicy()
        try tables.maps.publishConnections(of: [port])
        let entry = DispatchedEntry(port: port, directory: directory, earlier: earlier)
        try xdpDispatcher(of: port).attach(entry) { mode throws(KernelError) in
            (port.fromHook, port.xdpMode) = (.xdpDispatched, mode)
            // For the next to look, should this process die before the entry is in place.
            if earlier == nil { try tables.maps.register(port) }
        }
    }

    /// Takes the port's entry out of libxdp's dispatcher, where it has one.
    ///
    /// Of an interface that is gone, what libxdp has pinned stays (`xdp-loader clean` removes it).
    func takeAwayEntry(_ port: RegisteredPort) throws(KernelError) {
        guard port.fromHook == .xdpDispatched else { return }
        if isHere(port) { return try xdpDispatcher(of: port).detach() }
        guard isAlive(port) else { return }
        throw KernelError(
            .invalid, "cannot detach \(port.name)", cause: "it is in another network namespace",
            remedy: "run this command there (nsenter --net=…)")
    }
}
