// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
import Host

/// What an entry in libxdp's dispatcher is made of. It is opened where libxdp is called, on a thread with descriptors of its own.
struct DispatchedEntry: Sendable {
    let port: RegisteredPort
    /// Of the tables that it counts into.
    let directory: PinDirectory
    /// Of the earlier tables whose entry on the interface it takes over from; nil: of none.
    let earlier: PinDirectory?

    /// The object, which is loaded when it is attached, since that depends on its place in the dispatcher.
    func open() throws(KernelError) -> BPFObject {
        let tables = try FlowTables.open(in: directory, rights: .readWrite)
        let object = try tables.open(.xdpDispatched, for: port, use: .judged)
        if let earlier {
            try object.reuse(try .open(pinnedAt: Self.claimed(in: earlier)), as: WEIR_MAP_CLAIMS)
        }
        return object
    }

    /// Whether entries of the version that pinned there can hand over: those before version 6 call another program, and cannot.
    static func canHandOver(_ earlier: PinDirectory) -> Bool { unsafe access(claimed(in: earlier), F_OK) == 0 }

    private static func claimed(in directory: PinDirectory) -> String { "\(directory.layout)/\(WEIR_MAP_CLAIMED)" }
}
