// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel
import Glibc
import Host

extension Installation {
    /// Makes a port whole again: pins what it counts into, and attaches the programs that are missing, on the same number and the
    /// same counters. The turn of the ports must be ours.
    ///
    /// - Parameter inspection: what holds the port's other pins; nil where there is none.
    func mend(_ finding: PortFinding, _ inspection: PortInspection?) throws(KernelError) {
        var port = finding.port
        guard isHere(port) else {
            throw KernelError(
                .invalid, "cannot mend \(port.name)", cause: "it is in another network namespace",
                remedy: "detach and attach it there (nsenter --net=…)")
        }
        try Folder.make(directory.portDirectory(port.number))
        _ = try tables.maps.counts.pinAgain(port)
        try inspection?.pinAgain(port)
        // What could not be pinned again is new, and the programs have to find it.
        if finding.faults.contains(where: { $0.isOfMaps }) {
            try tables.maps.publish([port])
            if port.hasConnections { try tables.maps.publishConnections(of: [port]) }
        }
        let sides = [TCHook.Side.toPort, .fromPort].filter { side in finding.faults.contains { $0.isOf(side) } }
        guard !sides.isEmpty else { return }
        // The program that sees what is sent to an AF_XDP port finds it by the link of the other side.
        if port.fromHook == .xsk {
            try mendXSK(&port, sides)
        } else {
            for side in sides { try attachAgain(side, &port) }
        }
        try tables.maps.register(port)
    }

    private func attachAgain(_ side: TCHook.Side, _ port: inout RegisteredPort) throws(KernelError) {
        try dropLink(side, of: port)
        if port.hook(side) == .clsact { try TCHook.detachFilter(of: port.interface, side: side) }
        let options = AttachOptions(role: port.role, hook: port.hook(side).choice, xdpMode: port.xdpMode)
        let begun = BegunPort(port: port, interface: port.interface, options: options)
        if side == .toPort {
            try attachToPort(begun, &port)
        } else {
            if port.fromHook == .xdpDispatched { try takeAwayEntry(port) }
            try attachFromPort(begun, &port)
        }
    }

    private func mendXSK(_ port: inout RegisteredPort, _ sides: [TCHook.Side]) throws(KernelError) {
        if sides.contains(.fromPort) {
            try dropLink(.fromPort, of: port)
            try attachXSKAgain(&port)
        }
        guard port.toHook == .fentry else { return }
        if !SentFrames.isWhole(in: directory) { try directory.removeSent() }
        try SentFrames.remove(port, in: directory)
        if try !attachSent(port) { port.toHook = .unobserved }
    }

    /// Delivers to the same sockets, where they are known and the switch has put no program of its own there.
    private func attachXSKAgain(_ port: inout RegisteredPort) throws(KernelError) {
        let folder = directory.portDirectory(port.number)
        let again = port
        guard SocketMap.isPinned(in: folder), try XDPHook.occupant(of: port.interface) == nil else {
            port.xdpMode = try XSKHook(interface: port.interface, folder: folder).attach(
                mode: nil, load: { () throws(KernelError) in try load(.xskFromPort, again) },
                note: { (_) throws(KernelError) in })
            return
        }
        let attachment = try XDPHook.attach(try load(.xskFromPort, port), to: port.interface, mode: port.xdpMode)
        try attachment.link.pin(at: PortLink.from.path(in: folder))
        port.xdpMode = attachment.mode
    }

    private func load(_ kind: ProgramKind, _ port: RegisteredPort) throws(KernelError) -> Program {
        try tables.load(kind, for: port, use: port.use)
    }

    /// Takes away what is left of a link that is detached.
    private func dropLink(_ side: TCHook.Side, of port: RegisteredPort) throws(KernelError) {
        let path = side.link.path(in: directory.portDirectory(port.number))
        guard unsafe access(path, F_OK) == 0 else { return }
        try? Link.open(pinnedAt: path).detach(from: port.name)
        guard unsafe unlink(path) == 0 else { throw KernelError(errno: errno, "cannot remove the pin \(path)") }
    }
}

extension Hook {
    /// What an operator would ask for to have it.
    fileprivate var choice: HookChoice {
        switch self {
        case .xdp, .xdpDispatched: .xdp
        case .xsk: .xsk
        case .none, .tcx, .clsact, .unobserved, .fentry: .tc
        }
    }
}
