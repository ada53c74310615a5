// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowMeter
import PortDirectory
import Synchronization
package import SystemPackage

/// Owns the directory of what outlives the daemon, by its lock: one daemon at a time.
///
///     /var/lib/weir          mode 0700
///       id                   tells this directory from others
///       journal              windows that are not in the store yet
///       flows                the store, unless it is elsewhere
///       sinks                a folder for each sink: its cursor, and files that are about to be published
///       starts               how often a daemon began here
///       switch-ports         what directories, such as Open vSwitch, have said of ports
///       taps.json            tap services, flows, mirrors and filters
package final class StateDirectory: Sendable {
    let path: FilePath
    /// Sixteen hexadecimal digits, the same for as long as the directory is there.
    let id: String
    private let held: Mutex<HeldFolder>
    private let isNew: Bool

    package var journal: FilePath { path.appending("journal") }
    var portNotes: FilePath { path.appending(PortNotes.fileName) }

    /// Makes the directory where it is missing. It is refused where another user can change it, or lead elsewhere.
    package init(_ text: String) throws(JournalError) {
        let path = FilePath(text)
        self.path = path
        do {
            isNew = (try? HeldFolder(path, .anyFolder)) == nil
            let folder = try HeldFolder(path, .ours, create: 0o700)
            try folder.lock()
            id = try Self.readID(in: folder)
            held = Mutex(folder)
        } catch {
            throw JournalError(.open, path, error)
        }
    }

    private static func readID(in folder: HeldFolder) throws(Errno) -> String {
        if let bytes = try? folder.read("id") {
            let text = String(decoding: bytes.prefix(16), as: UTF8.self)
            if text.utf8.count == 16, text.allSatisfy(\.isHexDigit) { return text }
        }
        let digits = String(UInt64.random(in: 0...(.max)), radix: 16)
        let id = String(repeating: "0", count: 16 - digits.count) + digits
        try folder.replace("id", with: Array("\(id)\n".utf8))
        return id
    }

    /// Makes the directory anew, with the same id, where what is at its path is not what is held any more.
    ///
    /// Throws where that cannot be, or where another daemon has it now.
    ///
    /// - Returns: whether it was made anew.
    func makeAnewIfRemoved() throws(JournalError) -> Bool {
        do {
            return try held.withLock { held in
                if let current = try? HeldFolder(path, .anyFolder), current.isSame(as: held) { return false }
                let folder = try HeldFolder(path, .ours, create: 0o700)
                try folder.lock()
                try folder.replace("id", with: Array("\(id)\n".utf8))
                held = folder
                return true
            }
        } catch {
            throw JournalError(.open, path, error)
        }
    }

    /// Counts this start in the file `starts`, and returns how many there were before; nil where the directory cannot be written, which is no
    /// reason not to measure.
    func countStart() -> UInt64? {
        guard let folder = try? HeldFolder(path, .ours, create: 0o700) else { return nil }
        let text = String(decoding: (try? folder.read("starts")) ?? [], as: UTF8.self)
        let before = UInt64(text.prefix { $0.isNumber }) ?? 0
        do throws(Errno) { try folder.replace("starts", with: Array("\(before + 1)\n".utf8)) } catch { return nil }
        return before
    }

    /// Leaves nothing of a directory that was made for a daemon that could not start.
    func removeIfNew() {
        guard isNew else { return }
        let folder = held.withLock(\.self)
        // What is in the journal comes with the next daemon.
        do throws(Errno) { try folder.removeFolder("journal") } catch .noSuchFileOrDirectory {} catch { return }
        // No port was attached: what is in the store says nothing.
        for name in ["flows", "sinks"] { try? folder.removeTree(name) }
        for name in ["id", PortNotes.fileName, "policy.lock"] { try? folder.remove(name) }
        guard let name = path.lastComponent?.string else { return }
        try? HeldFolder(path.removingLastComponent(), .ours).removeFolder(name)
    }
}
