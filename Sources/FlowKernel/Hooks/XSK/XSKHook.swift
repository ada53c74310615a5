// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Glibc
import Host

/// The XDP hook of an interface that a switch reads through AF_XDP sockets, or will.
///
/// libxdp, by which switches open such sockets, adopts a program that is there already if it is called `xsk_def_prog`, says
/// its version in its BTF, and has a map `xsks_map`. And it cannot detach one that a link holds. So the port's program is
/// one of that name, held by a pinned link: it outlives the switch, whatever ends that.
struct XSKHook: Sendable {
    let interface: NetworkInterface
    /// Where the port's link and map are pinned.
    let folder: String

    private var linkPath: String { PortLink.from.path(in: folder) }

    /// The switch may open the port, or close it, between the look at it and the attaching: it is looked at again then.
    private static let attempts = 5

    /// Attaches by a link, before the switch opens the port or while it has it open, and pins it with the map.
    ///
    /// Between the switch's own program and ours, the port has none for a moment. If attaching fails, the switch's own program is
    /// restored.
    /// - Parameters:
    ///   - wanted: nil: the one that the switch uses; else native where the driver can, or generic.
    ///   - load: makes the program deliver to the sockets pinned in the folder. Called once an attempt.
    ///   - note: is told the mode before a program is taken away.
    func attach(
        mode wanted: XDPMode?, load: () throws(KernelError) -> Program, note: (XDPMode) throws(KernelError) -> Void
    ) throws(KernelError) -> XDPMode {
        for _ in 0..<Self.attempts {
            let mode: XDPMode?
            if let open = try XSKHook.open(interface, mode: wanted) {
                mode = try takeOver(open, load, note)
            } else {
                mode = try attachFirst(wanted, load)
            }
            if let mode { return mode }
        }
        throw KernelError(
            .busy, "cannot attach to \(interface.name)", cause: "another process keeps changing its XDP program",
            remedy: "try again when the switch has opened the port")
    }

    /// nil where another process was faster.
    private func attachFirst(
        _ wanted: XDPMode?, _ load: () throws(KernelError) -> Program
    ) throws(KernelError) -> XDPMode? {
        try SocketMap.pin(try SocketMap.create(queues: .of(interface)), in: folder)
        let program = try load()
        do throws(KernelError) {
            let attachment = try XDPHook.attach(program, to: interface, mode: wanted)
            try attachment.link.pin(at: linkPath)
            return attachment.mode
        } catch {
            guard error.code == .busy else { throw error }
            return nil
        }
    }

    /// nil where the switch has closed the port, or opened it anew.
    private func takeOver(
        _ open: borrowing OpenXSKPort, _ load: () throws(KernelError) -> Program,
        _ note: (XDPMode) throws(KernelError) -> Void
    ) throws(KernelError) -> XDPMode? {
        try SocketMap.pin(open.sockets, in: folder)
        let program = try load()
        try note(open.mode)
        guard try XDPHook.take(open.program, from: interface, mode: open.mode) else { return nil }
        do throws(KernelError) {
            let attachment = try XDPHook.attach(program, to: interface, mode: open.mode)
            try attachment.link.pin(at: linkPath)
            return open.mode
        } catch {
            try putBack(open, after: error)
            guard error.code == .busy else { throw error }
            return nil
        }
    }

    private func putBack(_ open: borrowing OpenXSKPort, after failure: KernelError) throws(KernelError) {
        do throws(KernelError) {
            try XDPHook.put(open.program, on: interface, mode: open.mode)
        } catch {
            // Somebody's is there by now: it is looked at anew.
            if error.code == .busy, try XDPHook.occupant(of: interface) != nil { return }
            throw KernelError(
                failure.code, failure.failure,
                cause: "\(failure.cause); nor does the kernel take the switch's own program back: \(error.cause)",
                remedy: "let the switch close the port and open it again")
        }
    }
}

extension XSKHook {
    /// Takes the link away. Where a socket is open behind it, a program like libxdp's own takes its place, so that the switch
    /// goes on and the port is one as it opens them itself.
    ///
    /// Also ends what an attacher that died has begun: one that had taken the switch's program away.
    /// - Parameter mode: the port's; nil where it has none yet.
    func detach(mode: XDPMode?) throws(KernelError) {
        guard SocketMap.isPinned(in: folder) else { return try dropLink() }
        let sockets = try SocketMap.open(in: folder)
        if let mode, try isOurs, try SocketMap.hasSocket(sockets) {
            let stock = try StockProgram.load(sockets: sockets)
            try pinnedLink()?.detach(from: interface.name)
            try XDPHook.put(stock, on: interface, mode: mode)
            unsafe unlink(linkPath)
            try takeAwayIfClosed(stock, sockets, mode)
        } else {
            try dropLink()
        }
        SocketMap.unpin(in: folder)
    }

    /// Takes the program away again where the switch has closed the port meanwhile: it may have looked for a program to take away
    /// when none was there, and could not open the port in another mode.
    private func takeAwayIfClosed(
        _ stock: borrowing BPFProgram, _ sockets: borrowing BPFMap, _ mode: XDPMode
    ) throws(KernelError) {
        guard try !SocketMap.hasSocket(sockets), try XDPHook.take(stock, from: interface, mode: mode) else { return }
        // The switch has opened the port with it at this moment.
        if try SocketMap.hasSocket(sockets) { try XDPHook.put(stock, on: interface, mode: mode) }
    }

    private func dropLink() throws(KernelError) {
        try pinnedLink()?.detach(from: interface.name)
        unsafe unlink(linkPath)
    }

    private func pinnedLink() throws(KernelError) -> Link? {
        guard unsafe access(linkPath, F_OK) == 0 else { return nil }
        return try Link.open(pinnedAt: linkPath)
    }

    /// Whether the interface is still there with our link on it, or with nothing: the process that attached or detached may have died
    /// while at it.
    private var isOurs: Bool {
        get throws(KernelError) {
            guard NetworkInterface.name(ofIndex: interface.index) != nil else { return false }
            guard let occupant = try XDPHook.occupant(of: interface) else { return true }
            guard let link = try pinnedLink() else { return false }
            return occupant.id == link.programID && link.interfaceIndex == interface.index
        }
    }

    /// Whether the port's link is on the interface of this thread's network namespace, which it was attached to.
    var isInPlace: Bool {
        guard let link = try? pinnedLink(), link.interfaceIndex == interface.index else { return false }
        guard let occupant = try? XDPHook.occupant(of: interface) else { return false }
        return link.programID.map { $0 == occupant.id } ?? true
    }
}
