// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
import Host

// What can be attached to, found out before anything is changed: never must a switch be left with a port that it cannot open.
extension XSKHook {
    /// Whether a program like libxdp's own is on the interface. False for whom it must not be looked at.
    static func isOpen(_ interface: NetworkInterface) -> Bool {
        guard let occupant = try? XDPHook.occupant(of: interface) else { return false }
        return occupant.name == WEIR_PROGRAM_XSK_FROM_PORT
    }

    /// Throws what `attach` would refuse.
    static func refuse(_ interface: NetworkInterface, mode: XDPMode?) throws(KernelError) {
        _ = try open(interface, mode: mode)
    }

    /// What the switch has on the interface, to be taken over in that mode; nil where nothing is there.
    static func open(_ interface: NetworkInterface, mode: XDPMode?) throws(KernelError) -> OpenXSKPort? {
        try LibxdpUser.refuseTooOld("cannot attach to \(interface.name)")
        guard let occupant = try XDPHook.occupant(of: interface) else { return nil }
        let program = try program(occupant, interface)
        guard program.name == WEIR_PROGRAM_XSK_FROM_PORT, let occupiedMode = occupant.mode else {
            throw foreign(program.name, occupant, interface)
        }
        guard !Link.holdsXDP(occupant.id, interfaceIndex: interface.index) else { throw held(occupant, interface) }
        if let mode, mode != occupiedMode { throw otherMode(mode, occupiedMode, interface) }
        guard let sockets = try program.map(named: SocketMap.name) else {
            throw foreign("\(program.name), which has no map \(SocketMap.name)", occupant, interface)
        }
        let queues = ReceiveQueues.of(interface)
        guard sockets.maxEntries >= queues.count else { throw tooSmall(sockets.maxEntries, queues, interface) }
        return OpenXSKPort(program: program, mode: occupiedMode, sockets: sockets)
    }

    private static func program(
        _ occupant: XDPOccupant, _ interface: NetworkInterface
    ) throws(KernelError) -> BPFProgram {
        do throws(KernelError) {
            return try .open(id: occupant.id)
        } catch {
            guard error.code == .notPermitted else { throw error }
            throw KernelError(
                .notPermitted, "cannot attach to \(interface.name)",
                cause: "an XDP program (id \(occupant.id)) is there, and to look at it takes CAP_SYS_ADMIN",
                remedy: "attach the port before the switch opens it, or as root: weir attach")
        }
    }

    private static func foreign(
        _ name: String, _ occupant: XDPOccupant, _ interface: NetworkInterface
    ) -> KernelError {
        KernelError(
            .busy, "cannot attach to \(interface.name)",
            cause: "the XDP program \(name) (id \(occupant.id)) is there, not that of an AF_XDP socket",
            remedy: "take it away first (ip link set dev \(interface.name) xdp off), or use --hook tc")
    }

    private static func held(_ occupant: XDPOccupant, _ interface: NetworkInterface) -> KernelError {
        KernelError(
            .busy, "cannot attach to \(interface.name)",
            cause: "the XDP program \(occupant.name) (id \(occupant.id)) is there, and another process's link holds it",
            remedy: "detach it with the program that attached it (bpftool link show)")
    }

    private static func otherMode(
        _ wanted: XDPMode, _ mode: XDPMode, _ interface: NetworkInterface
    ) -> KernelError {
        KernelError(
            .invalid, "cannot attach to \(interface.name) in \(wanted.name) mode",
            cause: "the switch has it open in \(mode.name) mode",
            remedy: "use --xdp-mode \(mode.name), or change the switch's mode first (OVS: options:xdp-mode)")
    }

    private static func tooSmall(
        _ entries: Int, _ queues: ReceiveQueues, _ interface: NetworkInterface
    ) -> KernelError {
        KernelError(
            .invalid, "cannot attach to \(interface.name)",
            cause:
                "the switch's \(SocketMap.name) has \(counted(entries, "entry", "entries")) for \(counted(queues.count, "receive queue"))",
            remedy: "let the switch close the port, attach, and let it open the port again")
    }
}
