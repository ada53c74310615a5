// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
package import Host

/// What a build with another layout has pinned under the same base.
///
/// Whoever takes over holds the daemon's lock: no other daemon swaps.
package struct EarlierInstallation: ~Copyable {
    private let directory: PinDirectory
    private let tables: EarlierTables

    /// Of its layout, as its directory is called.
    package let name: String

    /// Opens the first other layout under the base; nil where there is none. What was left without tables is removed.
    ///
    /// Throws where there is one that cannot be taken over.
    package static func open(below directory: PinDirectory) throws(KernelError) -> EarlierInstallation? {
        for name in directory.otherLayouts { removeIfLeft(directory.withLayout(named: name)) }
        try Installation.refuseOtherLayouts(directory, takesOver: true)
        guard let name = directory.otherLayouts.first else { return nil }
        let earlier = directory.withLayout(named: name)
        return EarlierInstallation(directory: earlier, tables: try EarlierTables.open(earlier.layout), name: name)
    }

    /// Removes a directory that has no tables, unless another process makes some there at this moment.
    private static func removeIfLeft(_ directory: PinDirectory) {
        guard !directory.hasMaps, let use = try? directory.openLayout(), use.lockExclusively(), !directory.hasMaps
        else { return }
        try? directory.removeLayout()
    }

    /// Its ports that count, which keep their numbers.
    package func ports() throws(KernelError) -> [RegisteredPort] {
        try tables.registeredPorts().filter { !$0.isClosing }
    }

    /// Brings its ports over to new tables, one program after the other, so that every frame meets an old or a new one.
    ///
    /// Ports keep their numbers. What was begun and not ended, by a process that was killed, is done again. Where this
    /// throws, all programs count on, old and new. A policy goes on where it was loaded there before, for ports of the same
    /// numbers; the connections that were allowed begin anew.
    ///
    /// - Parameters:
    ///   - onBegun: told of the ports when they have their numbers there, before they get its programs. The turn of the ports is ours.
    ///   - onPort: told of each port when it is over there: how many are, and of how many.
    package func move(
        to installation: borrowing Installation, onBegun: ([RegisteredPort]) -> Void = { _ in },
        onPort: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(KernelError) {
        let theirTurn = try directory.openPorts()
        try theirTurn.waitForLock()
        let ourTurn = try installation.directory.openPorts()
        try ourTurn.waitForLock()
        let ports = try tables.registeredPorts()
        try Installation.refuseFiltersElsewhere(
            ports.filter { !$0.isClosing }, "cannot take over",
            remedy: "start the daemon there (nsenter --net=…), or detach the port with the version that attached it")
        try refuseEntries(ports.filter { !$0.isClosing && $0.fromHook == .xdpDispatched })
        try enter(ports, into: installation)
        onBegun(ports.filter { !$0.isClosing })
        for (place, port) in ports.enumerated() {
            try move(port, to: installation)
            onPort(place + 1, ports.count)
        }
        installation.tables.control.setLastPort(max(tables.lastPort, installation.tables.control.lastPort))
    }

    /// Enters the ports that are not there yet, and gives all of them what their new programs need.
    private func enter(
        _ ports: [RegisteredPort], into installation: borrowing Installation
    ) throws(KernelError) {
        let maps = try installation.tables.maps.registeredPorts()
        let known = Dictionary(uniqueKeysWithValues: maps.map { ($0.number, $0.attached) })
        for port in ports where known[port.number] != port.attached {
            var begun = port
            (begun.fromHook, begun.toHook) = (.none, .none)
            try installation.tables.maps.add(begun)
        }
        try installation.tables.maps.publish(ports)
        var judged: [RegisteredPort] = []
        for port in ports where try installation.tables.policy(of: port.number) != nil { judged.append(port) }
        if !judged.isEmpty { try installation.tables.maps.publishConnections(of: judged) }
    }

    /// Throws where one of these entries in libxdp's dispatcher cannot be taken over.
    private func refuseEntries(_ ports: [RegisteredPort]) throws(KernelError) {
        let namespace = try NetworkInterface.currentNamespace()
        guard let port = ports.first(where: { !DispatchedEntry.canHandOver(directory) || !$0.isIn(namespace) }) else {
            return
        }
        let remedy = "detach the port with the version that attached it"
        guard port.isIn(namespace) else {
            throw KernelError(
                .invalid, "cannot take over \(port.name)", cause: "it is in another network namespace",
                remedy: "start the daemon there (nsenter --net=…), or \(remedy)")
        }
        throw KernelError(
            .unsupported, "cannot take over \(port.name)",
            cause: "the version that attached it cannot hand over its place in libxdp's dispatcher", remedy: remedy)
    }

    private func move(_ port: RegisteredPort, to installation: borrowing Installation) throws(KernelError) {
        var port = port
        // Where a policy for it is in force there already, no frame goes unjudged.
        if try installation.tables.policy(of: port.number) != nil { port.judging = .judged }
        // The same with tap sessions.
        port.copying = try installation.tables.maps.registeredPort(port.number)?.copying ?? []
        if !port.isClosing {
            try move(port, .toPort, installation)
            try moveSockets(of: port, to: installation)
            if port.fromHook == .xdpDispatched {
                try moveEntry(of: &port, to: installation)
            } else {
                try move(port, .fromPort, installation)
            }
        }
        try installation.tables.maps.register(port)
    }

    /// Pins the sockets behind an AF_XDP port where its new program looks for them, beside what is pinned of the earlier.
    private func moveSockets(
        of port: RegisteredPort, to installation: borrowing Installation
    ) throws(KernelError) {
        let old = directory.portDirectory(port.number)
        guard SocketMap.isPinned(in: old) else { return }
        try SocketMap.pin(try SocketMap.open(in: old), in: installation.directory.portDirectory(port.number))
    }

    /// Adds an entry in front of the earlier one, which then leaves to it what it counts, and takes that one away.
    private func moveEntry(
        of port: inout RegisteredPort, to installation: borrowing Installation
    ) throws(KernelError) {
        let earlier = XDPDispatcher(interface: port.interface, tables: try tables.map(WEIR_MAP_CONTROL).id)
        if !installation.xdpDispatcher(of: port).isInPlace {
            guard earlier.isInPlace else { return }
            try installation.addEntry(of: &port, takingOverFrom: directory)
        }
        try earlier.detach()
    }

    private func move(
        _ port: RegisteredPort, _ side: TCHook.Side, _ installation: borrowing Installation
    ) throws(KernelError) {
        let kind = ProgramKind(port, side)
        let use = port.use
        switch port.hook(side) {
        case .none, .unobserved, .xdpDispatched: return
        case .fentry:
            try installation.replaceSent(port, use: use)
        case .clsact:
            try installation.programs.withProgram(kind, for: port, use: use, on: installation.tables) {
                (program) throws(KernelError) in
                try TCHook.replaceFilter(program, of: port, side: side)
            }
        case .tcx, .xdp, .xsk:
            try installation.programs.withProgram(kind, for: port, use: use, on: installation.tables) {
                (program) throws(KernelError) in
                try moveLink(of: port, side, installation.directory, program)
            }
        }
    }

    private func moveLink(
        of port: RegisteredPort, _ side: TCHook.Side, _ newDirectory: PinDirectory, _ program: borrowing Program
    ) throws(KernelError) {
        let old = side.link.path(in: directory.portDirectory(port.number))
        let new = side.link.path(in: newDirectory.portDirectory(port.number))
        guard unsafe access(old, F_OK) == 0 else { return }
        let link = try Link.open(pinnedAt: old)
        try link.replaceProgram(by: program.loaded, on: port.name)
        unsafe unlink(new)
        try link.pin(at: new)
        unsafe unlink(old)
    }

    /// Its tables, once no program writes them any more: after `move`. Waits for a grace period.
    package func source() throws(KernelError) -> EarlierFlowSource {
        let gracePeriod = try GracePeriod()
        try gracePeriod.wait()
        return EarlierFlowSource(tables: try EarlierTables.open(directory.layout))
    }

    /// Removes what is pinned. All that it counted must be safe.
    package consuming func remove() throws(KernelError) {
        try Tunnel(in: directory).remove()
        try directory.removeLayout()
    }
}
