// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Glibc

/// What is pinned: the tables and, for every port, the links of its programs. Outlives every process.
///
/// Attaching and detaching are serialised between processes by the lock of the directory.
package struct Installation: ~Copyable {
    package let directory: PinDirectory
    package let tables: FlowTables
    /// Keeps others from removing what is pinned; nil for who only reads.
    private let use: Descriptor?

    /// Opens what is pinned in the directory, or nil if nothing is.
    package static func open(
        _ directory: PinDirectory, isWritable: Bool = true
    ) throws(KernelError) -> Installation? {
        let use = isWritable ? try directory.takeIntoUse() : nil
        guard directory.hasMaps else {
            try refuseUnreadable(directory)
            return nil
        }
        let tables = try FlowTables.open(in: directory, isWritable: isWritable)
        return Installation(directory: directory, tables: tables, use: use)
    }

    /// Opens what is pinned, or makes new tables and pins them. bpffs is mounted if need be.
    ///
    /// - Parameter request: for new tables; those that exist stay as they are.
    package static func openOrCreate(
        _ directory: PinDirectory, _ request: TableRequest
    ) throws(KernelError) -> Installation {
        try Capability.require(for: "measure ports")
        try Preemption.requireOneWriter()
        let use = try makeLayout(directory)
        let turn = try directory.openPorts()
        try turn.waitForLock()
        if directory.hasMaps {
            let tables = try FlowTables.open(in: directory, isWritable: true)
            return Installation(directory: directory, tables: tables, use: use)
        }
        let tables = try FlowTables.create(try request.geometry())
        try tables.maps.pin(in: directory.layout)
        return Installation(directory: directory, tables: tables, use: use)
    }

    /// Makes the directories and takes them into use. Whoever detached the last port meanwhile may have removed them.
    private static func makeLayout(_ directory: PinDirectory) throws(KernelError) -> Descriptor {
        var failure: KernelError?
        for _ in 0..<100 {
            do throws(KernelError) {
                try directory.prepare()
                try refuseOtherLayouts(directory)
                try directory.prepareLayout()
                if let use = try directory.takeIntoUse() { return use }
            } catch {
                guard error.code == .notFound else { throw error }
                failure = error
            }
        }
        throw failure
            ?? KernelError(.busy, "cannot measure under \(directory.base)", cause: "somebody keeps removing it")
    }

    private static func refuseUnreadable(_ directory: PinDirectory) throws(KernelError) {
        // Also where a directory above it must not be searched.
        guard unsafe access(directory.base, R_OK | X_OK) != 0, errno == EACCES else { return }
        throw KernelError(
            .notPermitted, "cannot read \(directory.base)", cause: "it belongs to another user", remedy: "run as root")
    }

    private static func refuseOtherLayouts(_ directory: PinDirectory) throws(KernelError) {
        guard let other = directory.otherLayouts.first else { return }
        throw KernelError(
            .busy, "cannot measure under \(directory.base)",
            cause: "another version of Weir left its programs there (\(other))",
            remedy: "detach them with that version (weir detach --all), or use another directory (--bpffs)")
    }
}

extension Installation {
    /// Ports that programs count for; not those that are detached and only wait for their last drain.
    package func attachedPorts() throws(KernelError) -> [RegisteredPort] {
        try tables.maps.registeredPorts().filter { !$0.isClosing }
    }

    /// Whether the port's programs are still on a living interface.
    package func isAlive(_ port: RegisteredPort) -> Bool {
        if port.isUnfinished { return false }
        return switch port.toHook {
        case .tcx: linkIsAlive(port, "to")
        case .clsact:
            isHere(port) ? TCHook.hasFilter(interfaceIndex: port.interfaceIndex, side: .toPort) : true
        case .none, .xdp: linkIsAlive(port, "from")
        }
    }

    private func linkIsAlive(_ port: RegisteredPort, _ side: String) -> Bool {
        guard let link = try? Link.open(pinnedAt: "\(directory.portDirectory(port.number))/\(side)") else {
            return false
        }
        return link.interfaceIndex != nil
    }

    /// Filters can only be looked at from the network namespace of their interface.
    private func isHere(_ port: RegisteredPort) -> Bool {
        (try? NetworkInterface.currentNamespace()) == port.networkNamespace
    }

    /// Takes away the tables where no port is attached any more, unless somebody else is using them. What was not
    /// drained is lost. This must be the last that is done with the installation.
    package func removeIfUnused() throws(KernelError) {
        switch use {
        case .none: return
        case .some(let use):
            guard try attachedPorts().isEmpty, Self.becomesSole(use), isPinned(use) else { return }
            guard try attachedPorts().isEmpty else { return }
            try directory.removeLayout()
            directory.removeBaseIfEmpty()
        }
    }

    /// Whether what is in use is still what is pinned, not something that was removed and made anew.
    private func isPinned(_ use: borrowing Descriptor) -> Bool {
        guard let current = try? directory.openLayout() else { return false }
        return current.inode == use.inode
    }

    /// Whether nobody else uses the pins, and nobody can from now on. Waits a little for others that are about to end.
    private static func becomesSole(_ use: borrowing Descriptor) -> Bool {
        for _ in 0..<20 {
            if use.lockExclusively() { return true }
            usleep(10_000)
        }
        return false
    }
}
