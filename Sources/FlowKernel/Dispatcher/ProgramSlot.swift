// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import CWeirABI
import Glibc

/// What a port's entry in libxdp's dispatcher calls: a map of one program.
///
/// The kernel empties it when nobody holds it open and no pin is left, whoever still holds the entry.
struct ProgramSlot: ~Copyable {
    private let map: BPFMap

    static func create() throws(KernelError) -> ProgramSlot {
        ProgramSlot(
            map: try .create(
                MapLayout(
                    name: WEIR_MAP_PROGRAM, type: BPF_MAP_TYPE_PROG_ARRAY, keySize: 4, valueSize: 4, maxEntries: 1)))
    }

    static func open(in folder: String) throws(KernelError) -> ProgramSlot {
        ProgramSlot(map: try .open(pinnedAt: path(in: folder)))
    }

    /// Puts the program in the place of the one that is called now: every frame meets the one or the other.
    func set(_ program: borrowing Program) throws(KernelError) { try map.setProgram(program.loaded, at: 0) }

    /// Makes the object, an entry, call what is in here.
    func share(with object: borrowing BPFObject) throws(KernelError) { try object.reuse(map, as: WEIR_MAP_PROGRAM) }

    /// Pins it in a port's folder, in place of what is pinned there.
    func pin(in folder: String) throws(KernelError) {
        Self.unpin(in: folder)
        try map.pin(at: Self.path(in: folder))
    }

    static func isPinned(in folder: String) -> Bool { unsafe access(path(in: folder), F_OK) == 0 }

    static func unpin(in folder: String) { unsafe unlink(path(in: folder)) }

    /// By which the kernel knows the map; nil where it does not say.
    var id: UInt32? {
        var information = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.size)
        guard unsafe bpf_obj_get_info_by_fd(map.descriptor.raw, &information, &length) == 0 else { return nil }
        return information.id
    }

    private static func path(in folder: String) -> String { "\(folder)/\(WEIR_MAP_PROGRAM)" }
}
