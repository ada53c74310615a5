// SPDX-License-Identifier: Apache-2.0

import BPF
import Glibc
import Host

/// What a dispatcher calls, as libxdp has pinned it.
///
/// libxdp's own functions go by ids, which takes CAP_SYS_ADMIN; to look at what is pinned takes none. The folder's name is
/// part of libxdp's protocol for programs that share a dispatcher (protocol.org in its sources).
struct DispatcherPins {
    private let folder: String

    /// nil where the program of that id is no dispatcher on that interface.
    init?(of interface: NetworkInterface, program: UInt32) {
        folder = "\(Self.base)/dispatch-\(interface.index)-\(program)"
        guard unsafe access(folder, F_OK) == 0 else { return nil }
    }

    /// Where libxdp pins; it takes another bpffs from the environment.
    static var base: String {
        guard let mount = unsafe getenv("LIBXDP_BPFFS") else { return "/sys/fs/bpf/xdp" }
        return unsafe "\(String(cString: mount))/xdp"
    }

    /// The id of the program called that uses the map of that id, or nil.
    func program(usingMap map: UInt32) -> UInt32? {
        for name in Folder.entries(of: folder) where name.hasSuffix("-prog") {
            guard let program = try? BPFProgram.open(pinnedAt: "\(folder)/\(name)"),
                let maps = try? program.mapIDs(), maps.contains(map)
            else { continue }
            return program.id
        }
        return nil
    }
}
