// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Host

/// The XDP hook of an interface on which others have libxdp's dispatcher: a program that calls theirs, one after the other.
///
/// The port's program is one of those: its entry. libxdp can add an entry and remove one, and knows no way to put one in the place
/// of another: while an entry takes over from that of an earlier version the dispatcher calls both, and the first, which is the
/// later one, tells the other which frames it has counted (`xdp_dispatched.bpf.c`).
package struct XDPDispatcher: Sendable {
    let interface: NetworkInterface
    /// The id of the control map by which the entry is known: on an interface only one entry uses it.
    let tables: UInt32?

    /// What the kernel calls it.
    static let programName = "xdp_dispatcher"

    /// The entry's place among the others: lower ones see a frame before.
    package static let runPriority = Int(WEIR_RUN_PRIORITY)

    /// Whether the kernel lets a port's entry take part in a dispatcher.
    package static var isAllowed: Bool { Freplace.isAllowed }

    /// Whether libxdp's dispatcher is on the interface.
    static func isOn(_ interface: NetworkInterface) -> Bool {
        guard let occupant = try? XDPHook.occupant(of: interface) else { return false }
        return DispatcherPins(of: interface, program: occupant.id) != nil
    }

    /// Adds an entry. The other programs are called all the time.
    ///
    /// - Parameter note: called with the dispatcher's mode before the entry is added.
    func attach(
        _ entry: DispatchedEntry, note: (XDPMode) throws(KernelError) -> Void
    ) throws(KernelError) {
        guard let mode = try XDPHook.occupant(of: interface)?.mode, Self.isOn(interface) else { throw changed }
        try note(mode)
        try LibxdpThread.run("cannot attach to \(interface.name)") { () throws(KernelError) in try add(entry, mode) }
    }

    private func add(_ entry: DispatchedEntry, _ mode: XDPMode) throws(KernelError) {
        let program = try LibxdpProgram(try entry.open())
        try program.attach(to: interface, mode: mode)
        guard !isInPlace else { return }
        // Where a kernel does not let programs replace functions, libxdp attaches the one program alone.
        try program.detach(from: interface, mode: mode)
        throw changed
    }

    private var changed: KernelError {
        KernelError(
            .busy, "cannot attach to \(interface.name)", cause: "another process has removed libxdp's dispatcher",
            remedy: "try again")
    }

    /// Removes the entry, where the dispatcher calls it.
    func detach() throws(KernelError) {
        guard let entry = try entry() else { return }
        try refuseWithoutPrivilege("cannot detach \(interface.name)", remedy: "weir detach \(interface.name)")
        do throws(KernelError) {
            try LibxdpThread.run("cannot detach \(interface.name)") { [interface] () throws(KernelError) in
                try LibxdpProgram(id: entry.id).detach(from: interface, mode: entry.mode)
            }
        } catch {
            // Another process may have been faster.
            guard try self.entry() == nil else { throw error }
        }
    }

    /// Whether the dispatcher on the interface of this thread's network namespace calls the entry.
    var isInPlace: Bool { (try? entry()) != nil }

    private func entry() throws(KernelError) -> (id: UInt32, mode: XDPMode)? {
        guard let tables, NetworkInterface.name(ofIndex: interface.index) != nil,
            let occupant = try XDPHook.occupant(of: interface), let mode = occupant.mode,
            let id = DispatcherPins(of: interface, program: occupant.id)?.program(usingMap: tables)
        else { return nil }
        return (id, mode)
    }
}

// What can be attached to, found out before anything is changed.
extension XDPDispatcher {
    /// Throws what `attach` would refuse.
    ///
    /// - Parameter occupant: the dispatcher.
    static func refuse(
        _ occupant: XDPOccupant, on interface: NetworkInterface, mode: XDPMode?
    ) throws(KernelError) {
        let here = XDPDispatcher(interface: interface, tables: nil)
        try here.refuseWithoutPrivilege("cannot attach to \(interface.name)", remedy: "weir attach \(interface.name)")
        guard isAllowed else {
            throw KernelError(
                .unsupported, "cannot attach to \(interface.name)",
                cause: "libxdp's dispatcher is there, and this kernel does not let Weir's entry take part in it",
                remedy: "use --hook tc, or take the dispatcher away first (xdp-loader unload --all \(interface.name))")
        }
        guard let occupied = occupant.mode else {
            throw KernelError(
                .unsupported, "cannot attach to \(interface.name)",
                cause: "XDP programs run there in several modes, or in the card", remedy: "use --hook tc")
        }
        guard let mode, mode != occupied else { return }
        throw KernelError(
            .invalid, "cannot attach to \(interface.name) in \(mode.name) mode",
            cause: "libxdp's dispatcher is there in \(occupied.name) mode", remedy: "use --xdp-mode \(occupied.name)")
    }

    /// libxdp finds the programs of a dispatcher by their ids.
    private func refuseWithoutPrivilege(_ failure: String, remedy command: String) throws(KernelError) {
        guard !Capability.isPermitted(.sysAdmin) else { return }
        throw KernelError(
            .notPermitted, failure,
            cause: "libxdp's dispatcher is there, and to change it takes \(Capability.sysAdmin.name)",
            remedy: "do it as root: \(command)")
    }
}
