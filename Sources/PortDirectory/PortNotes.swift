// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
import Foundation
import Synchronization
package import SystemPackage

/// A port as notes know it again.
package protocol NotablePort {
    var number: PortNumber { get }
    /// With the number this tells a port from all others, ever.
    var attached: UnixTime { get }
    /// The interface's name now.
    var name: String { get }
}

/// What directories have said of ports, for as long as these are registered: also when a directory is away, and across restarts
/// of the daemon, in a file of the state directory. Of a port that stays it is forgotten with the window in which all directories have.
///
/// A port's last records come after its directory has deleted it, and must name it as the others do. And the daemon that
/// has attached a port because a directory lists it must know that again, to detach it when it is listed no more.
package final class PortNotes: Sendable {
    fileprivate struct Note: Codable, Equatable {
        var number: UInt16
        var attachedNanoseconds: Int64
        var accountID: String?
        var interfaceID: String?
        var vpcID: String?
        var subnetID: String?
        var instanceID: String?
        var region: String?
        var availabilityZoneID: String?
        var instanceName: String?
        var projectID: String?
        var projectName: String?
        /// nil: none is known.
        var addresses: [String]?
        /// How its frames go, where it was attached on the word of a directory alone.
        var way: FrameWay?
    }

    private let file: FilePath?
    private let notes: Mutex<[PortNumber: Note]>
    /// Ports that are there, and of which no directory says anything although all have told what they know.
    private let unsaid = Mutex<Set<PortNumber>>([])

    /// Of all releases: daemons of others read it, too.
    package static let fileName = "switch-ports"

    /// Reads what an earlier daemon has noted; a file that cannot be read is as if it were not there.
    package init(_ file: FilePath?) {
        self.file = file
        let bytes = file.flatMap { try? HeldFolder.read($0) } ?? []
        let read = (try? JSONDecoder().decode([Note].self, from: Data(bytes))) ?? []
        notes = Mutex(Dictionary(read.map { (PortNumber($0.number), $0) }) { $1 })
    }

    /// What the daemon of that state directory has noted; nothing where it may not be read.
    package convenience init(stateDirectory: String) {
        self.init(FilePath(stateDirectory).appending(Self.fileName))
    }

    /// Whose the port is, as a directory said last.
    package func identity(of port: some NotablePort) -> PortIdentity? {
        note(of: port)?.identity
    }

    /// The IP addresses of the machine behind the port, as a directory said last.
    package func addresses(of port: some NotablePort) -> [IPAddress]? {
        note(of: port).map { $0.addresses?.compactMap { IPAddress($0) } ?? [] }
    }

    /// How the port's frames go, where it was attached on the word of a directory alone.
    package func way(of port: some NotablePort) -> FrameWay? { note(of: port)?.way }

    private func note(of port: some NotablePort) -> Note? {
        notes.withLock { $0[port.number] }.flatMap { $0.isOf(port) ? $0 : nil }
    }

    /// Notes what the directories know of the ports of this namespace, and forgets ports that are registered no more.
    ///
    /// What a directory noted that has said nothing since the start stays, where no other says something else.
    ///
    /// - Parameter way: how a port's frames go, where it was attached on the word of a directory alone.
    /// - Returns: why that cannot be kept for the next daemon, if it cannot.
    package func take<Port: NotablePort>(
        _ listing: PortListing, here: [Port], registered: [Port], way: (Port) -> FrameWay?
    ) -> Errno? {
        notes.withLock { notes in
            var new: [PortNumber: Note] = [:]
            for port in registered {
                new[port.number] = notes[port.number].flatMap { $0.isOf(port) ? $0 : nil }
            }
            var silent: Set<PortNumber> = []
            for port in here {
                let said = listing.facts(of: port.name)
                let way = way(port)
                guard said != nil || way != nil || new[port.number] != nil else { continue }
                var note = new[port.number] ?? Note(port)
                note.way = way
                if let said { note.take(said, isAll: listing.isComplete) }
                new[port.number] = note
                if said == nil, way == nil, listing.isComplete { silent.insert(port.number) }
            }
            unsaid.withLock { $0 = silent }
            guard new != notes else { return nil }
            notes = new
            return save(new.values.sorted { $0.number < $1.number })
        }
    }

    /// The records of a window have their names: forgets what no directory says any more of ports that stay.
    ///
    /// Where that cannot be kept, the next daemon forgets it with its first window.
    package func endWindow(staying ports: [some NotablePort]) {
        notes.withLock { notes in
            let silent = unsaid.withLock(\.self)
            let gone = ports.map(\.number).filter { silent.contains($0) && notes[$0] != nil }
            guard !gone.isEmpty else { return }
            for port in gone { notes[port] = nil }
            _ = save(notes.values.sorted { $0.number < $1.number })
        }
    }

    private func save(_ notes: [Note]) -> Errno? {
        guard let file, let data = try? JSONEncoder().encode(notes) else { return nil }
        do { try HeldFolder.replace(file, with: Array(data)) } catch {
            return error as? Errno ?? .permissionDenied
        }
        return nil
    }
}

extension PortNotes.Note {
    fileprivate init(_ port: some NotablePort) {
        self.init(number: port.number.rawValue, attachedNanoseconds: port.attached.nanoseconds)
    }

    fileprivate func isOf(_ port: some NotablePort) -> Bool {
        attachedNanoseconds == port.attached.nanoseconds
    }

    /// What is kept of the identity, and where.
    private typealias Text<Root> = any WritableKeyPath<Root, String?> & Sendable
    private static let texts: [(Text<Self>, Text<PortIdentity>)] = [
        (\.accountID, \.accountID), (\.interfaceID, \.interfaceID), (\.vpcID, \.vpcID), (\.subnetID, \.subnetID),
        (\.instanceID, \.instanceID), (\.region, \.region), (\.availabilityZoneID, \.availabilityZoneID),
        (\.instanceName, \.instanceName), (\.projectID, \.projectID), (\.projectName, \.projectName),
    ]

    fileprivate var identity: PortIdentity {
        Self.texts.reduce(into: PortIdentity()) { identity, text in identity[keyPath: text.1] = self[keyPath: text.0] }
    }

    /// - Parameter isAll: whether what the facts leave open is not known to any directory.
    fileprivate mutating func take(_ facts: PortFacts, isAll: Bool) {
        if isAll || !facts.addresses.isEmpty {
            addresses = facts.addresses.isEmpty ? nil : facts.addresses.map(\.description)
        }
        for (own, its) in Self.texts {
            self[keyPath: own] = facts.identity[keyPath: its] ?? (isAll ? nil : self[keyPath: own])
        }
    }
}
