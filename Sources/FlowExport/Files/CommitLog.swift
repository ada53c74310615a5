// SPDX-License-Identifier: Apache-2.0

import DurableFiles
internal import SystemPackage

/// The commit that is not carried out in full, or not in the cursor yet, in a file of the sink's folder.
///
/// What one commit leaves undone — a folder that cannot be made, for example — goes on with the next.
struct CommitLog {
    let path: FilePath
    private(set) var pending = Commit()

    /// Reads what an earlier process decided, and waits until the disk has it: that process may have died before. Files that get their names
    /// by a commit that a crash takes back would be published once more.
    ///
    /// - Returns: nil where the file is damaged; it is kept under another name then.
    init?(_ path: FilePath) throws(ExportError) {
        self.path = path
        let bytes = try ExportError.wrap(.readCommit, path) {
            do {
                let bytes = try HeldFolder.read(path)
                try HeldFolder.synchronize(nameOf: path)
                return bytes
            } catch Errno.noSuchFileOrDirectory {
                return [UInt8]()
            }
        }
        guard !bytes.isEmpty else { return }
        guard let commit = Commit(bytes) else { return nil }
        pending = commit
    }

    /// Puts a damaged file aside.
    static func setAside(_ path: FilePath) {
        try? HeldFolder.rename(path, to: (path.lastComponent?.string ?? "") + ".damaged")
    }

    /// Decides: on the disk when this returns.
    mutating func decide(_ commit: Commit) throws(ExportError) {
        let all = Commit(renames: pending.renames + commit.renames, through: commit.through)
        try ExportError.wrap(.commit, path) { try HeldFolder.replace(path, with: all.bytes) }
        pending = all
    }

    /// Does what was decided; what cannot be done stays for the next time.
    mutating func carryOut(in folders: LogFolders, onRename: () -> Void) throws(ExportError) {
        guard !isCarriedOut else { return }
        try pending.carryOut(in: folders, onRename: onRename)
    }

    /// The number of the last window that is in files which are published, or going to be; 0 where none is known.
    var decided: UInt64 { pending.through }

    /// Whether all of that is done.
    var isCarriedOut: Bool { pending.renames.isEmpty }

    /// Removes the file where the cursor says as much.
    mutating func forget(through number: UInt64) throws(ExportError) {
        guard isCarriedOut, pending.through > 0, pending.through <= number else { return }
        FaultPoint.reach(.beforeCommitDelete)
        try ExportError.wrap(.commit, path) { try HeldFolder.remove(path) }
        pending = Commit()
    }
}
