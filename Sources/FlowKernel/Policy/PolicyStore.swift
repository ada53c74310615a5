// SPDX-License-Identifier: Apache-2.0

import BPF
import Host
import Synchronization

/// The maps of the policy, made when the first one is loaded; from then on they stay. Safe to use from any thread.
final class PolicyStore: Sendable {
    private let directory: PinDirectory?
    private let isWritable: Bool
    private let made = Mutex<PolicyTables?>(nil)

    /// - Parameter directory: in which they are or will be pinned; nil: nowhere.
    init(in directory: PinDirectory?, isWritable: Bool) {
        self.directory = directory
        self.isWritable = isWritable
    }

    /// nil where there has been no policy yet.
    func current() throws(KernelError) -> PolicyTables? {
        if let known = made.withLock({ $0 }) { return known }
        guard let directory, directory.hasPolicy else { return nil }
        return keep(try .open(pinnedIn: directory.policy, isWritable: isWritable))
    }

    /// Makes them where they are not there. The turn of the ports must be ours.
    func make() throws(KernelError) -> PolicyTables {
        if let known = try current() { return known }
        let tables = try PolicyTables.create()
        if let directory { try Self.pin(tables, in: directory) }
        return keep(tables)
    }

    private static func pin(_ tables: PolicyTables, in directory: PinDirectory) throws(KernelError) {
        do throws(KernelError) {
            let folder = try directory.beginPolicy()
            try tables.forEachMap { map throws(KernelError) in try map.pin(at: "\(folder)/\(map.name)") }
            try directory.finishPolicy()
        } catch {
            directory.removePolicy()
            throw error
        }
    }

    private func keep(_ new: PolicyTables) -> PolicyTables {
        made.withLock { made in
            let kept = made ?? new
            made = kept
            return kept
        }
    }
}
