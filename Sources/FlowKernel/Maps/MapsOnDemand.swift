// SPDX-License-Identifier: Apache-2.0

import BPF
import Host
import Synchronization

/// Maps that are made together.
protocol MapSet: Sendable {
    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError)
}

/// Maps that are made when something first needs them, and then stay: all of them are there, or none. Safe to use from any thread.
final class MapsOnDemand<Maps: MapSet>: Sendable {
    private let folder: PinFolder?
    private let open: @Sendable (_ folder: String) throws(KernelError) -> Maps
    private let create: @Sendable () throws(KernelError) -> Maps
    private let known = Mutex<Maps?>(nil)

    /// - Parameters:
    ///   - folder: in which they are or will be pinned; nil: nowhere.
    ///   - open: opens those that are pinned in a folder.
    ///   - create: makes new ones.
    init(
        in folder: PinFolder?, open: @escaping @Sendable (_ folder: String) throws(KernelError) -> Maps,
        create: @escaping @Sendable () throws(KernelError) -> Maps
    ) {
        self.folder = folder
        self.open = open
        self.create = create
    }

    /// nil where they have not been made yet.
    func current() throws(KernelError) -> Maps? {
        if let known = known.withLock({ $0 }) { return known }
        guard let folder, folder.exists else { return nil }
        return keep(try open(folder.path))
    }

    /// Makes them where they are not there. The turn of the ports must be ours.
    func make() throws(KernelError) -> Maps {
        if let known = try current() { return known }
        let maps = try create()
        try folder?.fill { path throws(KernelError) in
            try maps.forEachMap { map throws(KernelError) in try map.pin(at: "\(path)/\(map.name)") }
        }
        return keep(maps)
    }

    private func keep(_ new: Maps) -> Maps {
        known.withLock { known in
            let kept = known ?? new
            known = kept
            return kept
        }
    }
}
