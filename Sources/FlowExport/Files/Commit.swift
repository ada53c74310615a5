// SPDX-License-Identifier: Apache-2.0

internal import CIsal
import DurableFiles
package import SystemPackage

/// What is decided to be published: files that get their names, and the number of the last window that is in them.
///
/// A redo log: once it is on the disk all of it happens, by this process or by the next one. Every step can be repeated.
package struct Commit: Equatable {
    package struct Rename: Equatable {
        package let temporary: FilePath
        package let final: FilePath

        package init(temporary: FilePath, final: FilePath) {
            self.temporary = temporary
            self.final = final
        }
    }

    package var renames: [Rename] = []
    package var through: UInt64 = 0

    package init(renames: [Rename] = [], through: UInt64 = 0) {
        self.renames = renames
        self.through = through
    }
}

extension Commit {
    private static let title = "weir commit 2"

    /// Texts that each end with a zero byte, which no path can hold; the last is a checksum of those before.
    package var bytes: [UInt8] {
        var texts = [Self.title]
        for rename in renames { texts += ["rename", rename.temporary.string, rename.final.string] }
        texts += ["through", "\(through)"]
        let content = texts.reduce(into: [UInt8]()) { content, text in
            content += text.utf8
            content.append(0)
        }
        return content + Array(Self.checksum(content).utf8) + [0]
    }

    /// nil where the bytes are none of ours, or damaged.
    package init?(_ bytes: [UInt8]) {
        self.init()
        let pieces = bytes.split(separator: 0, omittingEmptySubsequences: false)
        var texts = pieces.map { String(decoding: $0, as: UTF8.self) }
        guard texts.popLast() == "", let sum = texts.popLast(), texts.first == Self.title,
            Self.checksum(bytes.dropLast(sum.utf8.count + 1)) == sum
        else { return nil }
        var words = texts.dropFirst()
        while let verb = words.popFirst() {
            switch (verb, words.popFirst(), words.count) {
            case ("rename", let temporary?, 1...):
                renames.append(Rename(temporary: FilePath(temporary), final: FilePath(words.removeFirst())))
            case ("through", let number?, _):
                guard let number = UInt64(number) else { return nil }
                through = number
            default: return nil
            }
        }
    }

    /// CRC-32 as gzip has it. `unsafe`: ISA-L takes a pointer, for the call only.
    private static func checksum(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        return unsafe String(crc32_gzip_refl(0, bytes, UInt64(bytes.count)), radix: 16)
    }
}

extension Commit {
    /// Does all that was decided and is not done. Afterwards it holds what could not be done.
    ///
    /// - Parameter onRename: called for each file that got its name.
    mutating func carryOut(in folders: LogFolders, onRename: () -> Void) throws(ExportError) {
        var failure: ExportError?
        var targets: [FilePath: HeldFolder] = [:]
        var failed: [Rename] = []
        for rename in renames {
            do throws(ExportError) {
                let (target, isNew) = try rename.carryOut(in: folders)
                if isNew { onRename() }
                targets[target.path] = target
                FaultPoint.reach(.midRename)
            } catch {
                failed.append(rename)
                failure = failure ?? error
            }
        }
        FaultPoint.reach(.afterRename)
        for (path, target) in targets { try ExportError.wrap(.publish, path) { try target.synchronize() } }
        renames = failed
        if let failure { throw failure }
    }
}

extension Commit.Rename {
    /// Gives the file its name, below the log directory alone.
    ///
    /// - Returns: the folder that it is in, and whether it was done now; false where it had been done before.
    fileprivate func carryOut(in folders: LogFolders) throws(ExportError) -> (target: HeldFolder, isNew: Bool) {
        let folder = final.removingLastComponent()
        let (base, target) = try ExportError.wrap(.createFolder, folder) { try openFolders(folders) }
        let isNew = try ExportError.wrap(.publish, final) {
            guard let staging = try folders.staging(of: base, named: stagingName) else { return false }
            do {
                try staging.rename(temporary.lastComponent?.string ?? "", to: target, final.lastComponent?.string ?? "")
                return true
            } catch Errno.noSuchFileOrDirectory {
                return false
            }
        }
        return (target, isNew)
    }

    /// An earlier process may have had another log directory.
    private func openFolders(_ folders: LogFolders) throws -> (base: HeldFolder, target: HeldFolder) {
        let directory = temporary.removingLastComponent().removingLastComponent()
        var below = final.removingLastComponent()
        guard below.removePrefix(directory) else { throw Errno.invalidArgument }
        let base =
            directory == folders.directory
            ? try folders.openDirectory() : try HeldFolder(directory, .anyFolder, create: 0o750)
        return (base, try base.folder(below, create: 0o750))
    }

    private var stagingName: String { temporary.removingLastComponent().lastComponent?.string ?? "" }
}
