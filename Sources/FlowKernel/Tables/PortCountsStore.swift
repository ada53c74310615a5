// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel
import Host
import Synchronization

/// The counts of all ports, each opened when it is first asked for.
///
/// They are pinned beside the links of their port, if there is a directory; else they live as long as the store. Safe
/// to use from any thread.
package final class PortCountsStore: Sendable {
    private struct Opened: Sendable {
        /// Tells a port from one that had its number before.
        let attached: UnixTime
        let counts: PortCounts
    }

    private let directory: String?
    let ofPorts: MapOfPorts
    private let rights: Descriptor.Rights
    private let opened = Mutex<[PortNumber: Opened]>([:])

    /// - Parameters:
    ///   - directory: of this layout's pins; nil where nothing is pinned.
    ///   - ofPorts: by which programs find the port's.
    init(directory: String?, of ofPorts: MapOfPorts, rights: Descriptor.Rights) {
        self.directory = directory
        self.ofPorts = ofPorts
        self.rights = rights
    }

    /// The counts of a port that is registered.
    func counts(of port: RegisteredPort) throws(KernelError) -> PortCounts {
        if let known = opened.withLock({ $0[port.number] }), known.attached == port.attached { return known.counts }
        guard let folder = folder(of: port.number) else {
            throw KernelError(.notFound, "cannot read the counts of \(port.name)", cause: "they do not exist")
        }
        let counts = try PortCounts.open(pinnedAt: PortPin.totals.path(in: folder), rights: rights)
        guard opened.withLock(\.count) < DescriptorLimit.mostHeldOfAKind else { return counts }
        return keep(counts, of: port)
    }

    /// Makes new counts for a port that is not registered yet, and pins them.
    func make(for port: RegisteredPort) throws(KernelError) {
        let counts = try PortCounts.create()
        if let folder = folder(of: port.number) {
            try Folder.make(folder)
            PortPin.totals.unpin(in: folder)
            try counts.map.pin(at: PortPin.totals.path(in: folder))
        }
        _ = keep(counts, of: port)
    }

    /// Has programs find the counts of these ports.
    func publish(_ ports: [RegisteredPort]) throws(KernelError) {
        var open: [PortCounts] = []
        for port in ports { open.append(try counts(of: port)) }
        try ofPorts.set(zip(ports, open).map { ($0.number, $1.map.descriptor.raw) })
        withExtendedLifetime(open) {}
    }

    /// Closes the counts of a port until they are asked for again. Does nothing where they are pinned nowhere.
    func close(_ number: PortNumber) {
        if directory != nil { opened.withLock { $0[number] = nil } }
    }

    /// Closes the counts of all ports but these: others may have unregistered a port that was asked for here.
    func close(allBut ports: [RegisteredPort]) {
        guard directory != nil else { return }
        let attached = Dictionary(uniqueKeysWithValues: ports.map { ($0.number, $0.attached) })
        opened.withLock { opened in opened = opened.filter { attached[$0.key] == $0.value.attached } }
    }

    /// Forgets the counts of a port that is not registered any more, and removes what is pinned of it.
    func remove(_ number: PortNumber) {
        opened.withLock { $0[number] = nil }
        guard let folder = folder(of: number) else { return }
        PortPin.removeAll(in: folder)
    }

    private func keep(_ counts: PortCounts, of port: RegisteredPort) -> PortCounts {
        opened.withLock { $0[port.number] = Opened(attached: port.attached, counts: counts) }
        return counts
    }

    /// Where what belongs to a port is pinned.
    func folder(of number: PortNumber) -> String? {
        directory.map { "\($0)/ports/\(number.rawValue)" }
    }

    /// Pins the counts of a port again, where the pin was removed.
    ///
    /// - Returns: whether they are new and nothing is counted, since they were not open here and cannot be had any more.
    func pinAgain(_ port: RegisteredPort) throws(KernelError) -> Bool {
        guard let folder = folder(of: port.number), !PortPin.totals.isPinned(in: folder) else {
            return false
        }
        guard let counts = try? counts(of: port) else {
            try make(for: port)
            return true
        }
        try Folder.make(folder)
        try counts.map.pin(at: PortPin.totals.path(in: folder))
        return false
    }
}
