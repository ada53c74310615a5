// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowKernel
package import FlowModel
import Foundation
package import OpenVSwitch
import Synchronization
package import SystemPackage

/// What the switch has said of ports, for as long as they are registered: also when it has forgotten them or is away, and
/// across restarts of the daemon, in a file of the state directory.
///
/// A port's last records come after the switch has deleted it, and must name it as the others do. And who has attached a
/// port because the switch has it must know that again, to detach it when the switch has it no more.
package final class SwitchNotes: Sendable {
    fileprivate struct Note: Codable, Equatable {
        var number: UInt16
        /// With the number this tells a port from all others, ever.
        var attachedNanoseconds: Int64
        var interfaceID: String?
        var instanceID: String?
        /// How its frames go, where it was attached on the switch's word alone.
        var way: SwitchPort.Way?
    }

    private let file: FilePath?
    private let notes: Mutex<[PortNumber: Note]>

    /// Reads what an earlier daemon has noted; a file that cannot be read is as if it were not there.
    package init(_ file: FilePath?) {
        self.file = file
        let bytes = file.flatMap { try? HeldFolder.read($0) } ?? []
        let read = (try? JSONDecoder().decode([Note].self, from: Data(bytes))) ?? []
        notes = Mutex(Dictionary(read.map { (PortNumber($0.number), $0) }) { $1 })
    }

    /// What the daemon of that state directory has noted; nothing for whom it must not be read.
    package convenience init(stateDirectory: String) {
        self.init(FilePath(stateDirectory).appending(Self.fileName))
    }

    static let fileName = "switch-ports"

    /// Whose the port is, as the switch said last.
    package func identity(of port: RegisteredPort) -> PortIdentity? {
        note(of: port).map { PortIdentity(interfaceID: $0.interfaceID, instanceID: $0.instanceID) }
    }

    /// How the port's frames go, where it was attached on the switch's word alone.
    package func way(of port: RegisteredPort) -> SwitchPort.Way? { note(of: port)?.way }

    private func note(of port: RegisteredPort) -> Note? {
        notes.withLock { $0[port.number] }.flatMap { $0.isOf(port) ? $0 : nil }
    }

    /// Notes what the switch says of the ports of this namespace, and forgets those that are registered no more.
    ///
    /// - Parameter way: how a port's frames go, where it was attached on the switch's word alone.
    /// - Returns: why that cannot be kept for the next daemon, if it cannot.
    package func take(
        _ ports: SwitchPorts, here: [RegisteredPort], registered: [RegisteredPort],
        way: (RegisteredPort) -> SwitchPort.Way?
    ) -> Errno? {
        let old = notes.withLock(\.self)
        var new: [PortNumber: Note] = [:]
        for port in registered { new[port.number] = old[port.number].flatMap { $0.isOf(port) ? $0 : nil } }
        for port in here {
            let said = ports[port.name]?.identity
            let way = way(port)
            guard said != nil || way != nil || new[port.number] != nil else { continue }
            var note = new[port.number] ?? Note(port)
            note.way = way
            if let said {
                note.interfaceID = said.interfaceID
                note.instanceID = said.instanceID
            }
            new[port.number] = note
        }
        guard new != old else { return nil }
        notes.withLock { $0 = new }
        return save(new.values.sorted { $0.number < $1.number })
    }

    private func save(_ notes: [Note]) -> Errno? {
        guard let file, let data = try? JSONEncoder().encode(notes) else { return nil }
        do { try HeldFolder.replace(file, with: Array(data)) } catch { return error as? Errno ?? .permissionDenied }
        return nil
    }
}

extension SwitchNotes.Note {
    fileprivate init(_ port: RegisteredPort) {
        self.init(number: port.number.rawValue, attachedNanoseconds: port.attached.nanoseconds)
    }

    fileprivate func isOf(_ port: RegisteredPort) -> Bool { attachedNanoseconds == port.attached.nanoseconds }
}
