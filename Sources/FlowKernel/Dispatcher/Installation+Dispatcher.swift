// SPDX-License-Identifier: Apache-2.0

extension Installation {
    func xdpDispatcher(of port: RegisteredPort) -> XDPDispatcher {
        XDPDispatcher(interface: port.interface, folder: directory.portDirectory(port.number))
    }

    /// Takes the port's entry out of libxdp's dispatcher, where it has one.
    ///
    /// Of an interface that is gone, what libxdp has pinned stays (`xdp-loader clean` removes it).
    func takeAwayEntry(_ port: RegisteredPort) throws(KernelError) {
        guard ProgramSlot.isPinned(in: directory.portDirectory(port.number)) else { return }
        if isHere(port) { return try xdpDispatcher(of: port).detach() }
        guard isAlive(port) else { return }
        throw KernelError(
            .invalid, "cannot detach \(port.name)", cause: "it is in another network namespace",
            remedy: "run this command there (nsenter --net=…)")
    }
}
