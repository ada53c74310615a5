// SPDX-License-Identifier: Apache-2.0

import CWeirABI
package import FlowModel
import Glibc
package import Host

/// What is pinned: the tables and, for every port, the links of its programs. Outlives every process.
///
/// Attaching and detaching are serialised between processes by the lock of the directory.
package struct Installation: ~Copyable {
    package let directory: PinDirectory
    package let tables: FlowTables
    /// Those that ports share.
    let programs: SharedPrograms
    /// Keeps others from removing what is pinned; nil for readers.
    private var use: Descriptor?

    /// Opens what is pinned in the directory, or nil if nothing is.
    package static func open(
        _ directory: PinDirectory, rights: Descriptor.Rights = .readWrite
    ) throws(KernelError) -> Installation? {
        try directory.refuseUntrusted()
        let use = rights == .readWrite ? try directory.takeIntoUse() : nil
        guard directory.hasMaps else {
            try refuseUnreadable(directory)
            return nil
        }
        let tables = try FlowTables.open(in: directory, rights: rights)
        return Installation(directory: directory, tables: tables, programs: SharedPrograms(in: directory), use: use)
    }

    /// Opens what is pinned, or makes new tables and pins them. bpffs is mounted if need be.
    ///
    /// - Parameter request: for new tables; those that exist stay as they are.
    /// - Parameter takesOver: whether another layout may be there, since the caller takes it over.
    package static func openOrCreate(
        _ directory: PinDirectory, _ request: TableRequest, takesOver: Bool = false
    ) throws(KernelError) -> Installation {
        try Capability.require(for: "measure ports")
        try Preemption.requireOneWriter()
        // What cannot be made is refused before anything is.
        if !directory.hasMaps { _ = try request.geometry() }
        let use = try makeLayout(directory, takesOver: takesOver)
        let turn = try directory.openPorts()
        try turn.waitForLock()
        if directory.hasMaps {
            let tables = try FlowTables.open(in: directory, rights: .readWrite)
            return Installation(directory: directory, tables: tables, programs: SharedPrograms(in: directory), use: use)
        }
        let tables = try FlowTables.create(try request.geometry(), for: directory)
        try tables.maps.pin(in: directory.layout)
        return Installation(directory: directory, tables: tables, programs: SharedPrograms(in: directory), use: use)
    }

    /// Makes the directories and takes them into use. Whoever detached the last port meanwhile may have removed them.
    private static func makeLayout(_ directory: PinDirectory, takesOver: Bool) throws(KernelError) -> Descriptor {
        var failure: KernelError?
        for _ in 0..<100 {
            do throws(KernelError) {
                try directory.prepare()
                try refuseOtherLayouts(directory, takesOver: takesOver)
                try directory.prepareLayout()
                if let use = try directory.takeIntoUse() { return use }
            } catch {
                guard error.code == .notFound else { throw error }
                failure = error
            }
        }
        throw failure
            ?? KernelError(.busy, "cannot measure under \(directory.base)", cause: "another process keeps removing it")
    }

    private static func refuseUnreadable(_ directory: PinDirectory) throws(KernelError) {
        // Also where a directory above it must not be searched.
        guard unsafe access(directory.base, R_OK | X_OK) != 0, errno == EACCES else { return }
        throw KernelError(
            .notPermitted, "cannot read \(directory.base)", cause: "it belongs to another user", remedy: "run as root")
    }

    /// The first layout that says where its fields lie.
    private static let firstDescribed = 3

    /// Throws where another layout is pinned that cannot be taken over, or must not be.
    static func refuseOtherLayouts(
        _ directory: PinDirectory, takesOver: Bool
    ) throws(KernelError) {
        for other in directory.otherLayouts {
            let version = PinDirectory.version(ofLayout: other) ?? 0
            let failure = "cannot measure under \(directory.base)"
            if version > Int(WEIR_ABI_VERSION) {
                throw KernelError(
                    .busy, failure, cause: "a newer version of Weir measures there (\(other))",
                    remedy: "use that version, or another directory (--bpffs)")
            }
            if version < firstDescribed {
                throw KernelError(
                    .busy, failure,
                    cause: "a version of Weir that is too old to be taken over measures there (\(other))",
                    remedy: "detach its ports with that version (weir detach --all), or use another directory (--bpffs)"
                )
            }
            guard takesOver else {
                throw KernelError(
                    .busy, failure, cause: "another version of Weir measures there (\(other))",
                    remedy: "start the daemon of this version, which takes over (weir run), or use that version")
            }
        }
    }
}

extension Installation {
    /// Ports that programs count for; not those that are detached and only wait for their last drain.
    package func attachedPorts() throws(KernelError) -> [RegisteredPort] {
        try tables.maps.registeredPorts().filter { !$0.isClosing }
    }

    /// Filters can only be looked at from the network namespace of their interface.
    func isHere(_ port: RegisteredPort) -> Bool {
        (try? NetworkInterface.currentNamespace()) == port.networkNamespace
    }

    /// Takes away the tables where no port is attached any more, unless another process uses them. What was not
    /// drained is lost. This must be the last that is done with the installation.
    package func removeIfUnused() throws(KernelError) {
        switch use {
        case .none: return
        case .some(let use):
            guard try attachedPorts().isEmpty, Self.becomesSole(use), isPinned(use) else { return }
            guard try attachedPorts().isEmpty else { return }
            try Tunnel(in: directory).remove()
            try directory.removeLayout()
            directory.removeBaseIfEmpty()
        }
    }

    /// Whether what is in use is still what is pinned, not something that was removed and made anew.
    private func isPinned(_ use: borrowing Descriptor) -> Bool {
        guard let current = try? directory.openLayout() else { return false }
        return current.inode == use.inode
    }

    /// Whether the directory of this layout is the one that is in use here.
    var isUsed: Bool {
        switch use {
        case .none: false
        case .some(let use): isPinned(use)
        }
    }

    /// Takes the directory of this layout into use where it was made anew.
    mutating func takeIntoUseAgain() throws(KernelError) {
        if !isUsed { use = try directory.takeIntoUse() }
    }

    /// Whether no other process uses the pins, and none can from now on. Waits a little for others that are about to end.
    private static func becomesSole(_ use: borrowing Descriptor) -> Bool {
        for _ in 0..<20 {
            if use.lockExclusively() { return true }
            usleep(10_000)
        }
        return false
    }
}
