// SPDX-License-Identifier: Apache-2.0

import BPF
import Host
import Synchronization

/// The flow table of what is sent to ports past their qdiscs. What counts there is interrupted by the programs that count
/// into the other table, and a table has one writer per CPU.
///
/// Made when the first port needs it. Safe to use from any thread.
final class SentTable: Sendable {
    /// A class, since several may look at it at a time.
    final class Made: Sendable {
        let table: EngineTable

        init(_ table: consuming EngineTable) { self.table = table }
    }

    private let geometry: TableGeometry
    private let directory: PinDirectory?
    private let isWritable: Bool
    private let made = Mutex<Made?>(nil)

    /// - Parameter directory: in which it is or will be pinned; nil: nowhere.
    init(_ geometry: TableGeometry, in directory: PinDirectory?, isWritable: Bool) {
        self.geometry = geometry
        self.directory = directory
        self.isWritable = isWritable
    }

    /// The table; nil where nobody has made it.
    func current() throws(KernelError) -> Made? {
        if let known = made.withLock({ $0 }) { return known }
        guard let directory, directory.hasSentTable else { return nil }
        return keep(Made(try .open(geometry, pinnedIn: directory.sentTable, isWritable: isWritable)))
    }

    /// Makes it where it is not there. Seconds for millions of flows. The lock of the ports must be ours.
    func make() throws(KernelError) -> Made {
        if let known = try current() { return known }
        let table = try EngineTable.create(geometry)
        if let directory { try Self.pin(table, in: directory) }
        return keep(Made(table))
    }

    private static func pin(_ table: borrowing EngineTable, in directory: PinDirectory) throws(KernelError) {
        do throws(KernelError) {
            let folder = try directory.beginSentTable()
            try table.forEachMap { map throws(KernelError) in try map.pin(at: "\(folder)/\(map.name)") }
            try directory.finishSentTable()
        } catch {
            directory.removeSentTable()
            throw error
        }
    }

    private func keep(_ new: Made) -> Made {
        made.withLock { made in
            let kept = made ?? new
            made = kept
            return kept
        }
    }
}
