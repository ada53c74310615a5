// SPDX-License-Identifier: Apache-2.0

import CWeirABI

/// The XDP hook of an interface on which others have libxdp's dispatcher: a program that calls theirs, one after the other.
///
/// The port's program is called by an entry there, through a map of one program that is pinned with the port. So a later
/// version replaces it as other programs are replaced in their links, and does not touch the dispatcher. libxdp knows no such
/// step: only to add an entry and to remove one, with frames in between that meet both programs or none.
package struct XDPDispatcher: Sendable {
    let interface: NetworkInterface
    /// Where the map is pinned.
    let folder: String

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

    /// Adds an entry that calls the program, and returns the dispatcher's mode. The others are called all the time.
    func attach(_ program: borrowing Program) throws(KernelError) -> XDPMode {
        guard let mode = try XDPHook.occupant(of: interface)?.mode, Self.isOn(interface) else { throw changed }
        let slot = try ProgramSlot.create()
        try slot.set(program)
        try slot.pin(in: folder)
        try LibxdpThread.run("cannot attach to \(interface.name)") { () throws(KernelError) in try addEntry(mode) }
        return mode
    }

    private func addEntry(_ mode: XDPMode) throws(KernelError) {
        let entry = try LibxdpProgram(calling: try ProgramSlot.open(in: folder))
        try entry.attach(to: interface, mode: mode)
        guard !isInPlace else { return }
        // Where a kernel does not let programs replace functions, libxdp attaches the one program alone.
        try entry.detach(from: interface, mode: mode)
        throw changed
    }

    private var changed: KernelError {
        KernelError(
            .busy, "cannot attach to \(interface.name)", cause: "somebody has taken libxdp's dispatcher away meanwhile",
            remedy: "try again")
    }

    /// Removes the entry, where it is still called.
    ///
    /// Also ends what an attacher that died has begun.
    func detach() throws(KernelError) {
        if let entry = try entry() {
            try refuseWithoutPrivilege("cannot detach \(interface.name)", remedy: "weir detach \(interface.name)")
            do throws(KernelError) {
                try LibxdpThread.run("cannot detach \(interface.name)") { [interface] () throws(KernelError) in
                    try LibxdpProgram(id: entry.id).detach(from: interface, mode: entry.mode)
                }
            } catch {
                // Somebody may have been faster.
                guard try self.entry() == nil else { throw error }
            }
        }
        ProgramSlot.unpin(in: folder)
    }

    /// Whether the dispatcher on the interface of this thread's network namespace calls the port's entry.
    var isInPlace: Bool { (try? entry()) != nil }

    /// What is called by the interface's dispatcher and calls what is pinned for the port.
    private func entry() throws(KernelError) -> (id: UInt32, mode: XDPMode)? {
        guard ProgramSlot.isPinned(in: folder), NetworkInterface.name(ofIndex: interface.index) != nil,
            let slot = try ProgramSlot.open(in: folder).id, let occupant = try XDPHook.occupant(of: interface),
            let mode = occupant.mode,
            let id = DispatcherPins(of: interface, program: occupant.id)?.program(usingMap: slot)
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
        let here = XDPDispatcher(interface: interface, folder: "")
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
