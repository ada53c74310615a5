// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowMeter
import SystemPackage

/// Owns the directory of what outlives the daemon, by its lock: one daemon at a time.
///
///     /var/lib/weir          mode 0700
///       id                   tells this directory from others
///       commit               files that are about to be published
///       journal              windows that are not published yet
///       switch-ports         what Open vSwitch has said of ports
final class StateDirectory: Sendable {
    let path: FilePath
    /// Sixteen hexadecimal digits, the same for as long as the directory is there.
    let id: String
    private let lock: FileDescriptor
    private let isNew: Bool

    var journal: FilePath { path.appending("journal") }
    var switchPorts: FilePath { path.appending(SwitchNotes.fileName) }

    /// Makes the directory where it is missing.
    init(_ text: String) throws(JournalError) {
        let path = FilePath(text)
        self.path = path
        do {
            isNew = (try? Folder.names(in: path)) == nil
            try Folder.create(path, mode: 0o700)
            lock = try Folder.open(path)
            try FileSystemCalls.lock(lock)
            id = try Self.readID(path.appending("id"))
        } catch {
            throw JournalError(.open, path, error)
        }
    }

    deinit { try? lock.close() }

    private static func readID(_ path: FilePath) throws(Errno) -> String {
        if let bytes = try? WholeFile.read(path) {
            let text = String(decoding: bytes.prefix(16), as: UTF8.self)
            if text.utf8.count == 16, text.allSatisfy(\.isHexDigit) { return text }
        }
        let digits = String(UInt64.random(in: 0...(.max)), radix: 16)
        let id = String(repeating: "0", count: 16 - digits.count) + digits
        try WholeFile.replace(path, with: Array("\(id)\n".utf8))
        return id
    }

    /// Leaves nothing of a directory that was made for a daemon that could not start.
    func removeIfNew() {
        guard isNew else { return }
        try? FileSystemCalls.removeDirectory(journal)
        for name in ["id", SwitchNotes.fileName] { try? FileSystemCalls.remove(path.appending(name)) }
        try? FileSystemCalls.removeDirectory(path)
    }
}
