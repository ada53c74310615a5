// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
import Glibc
internal import SystemPackage

/// The log directory, and the folder in it that files grow in, both held open.
///
/// Others may own the log directory and write it: they can delete and forge logs there, and nothing else. The folder in it is
/// Weir's alone. Where either is not at its path any more, it is opened or made anew.
final class LogFolders {
    let directory: FilePath
    let stagingName: String
    /// What was found in the way and put aside, one sentence each.
    private(set) var notices: [String] = []
    private var base: HeldFolder?
    private var staging: HeldFolder?

    init(_ configuration: LogFileConfiguration) {
        directory = configuration.directory
        stagingName = configuration.staging.lastComponent?.string ?? ""
    }

    /// The log directory, made where it is missing.
    func openDirectory() throws -> HeldFolder {
        let current = try HeldFolder(directory, .anyFolder, create: 0o750)
        if let base, base.isSame(as: current) { return base }
        base = current
        staging = nil
        return current
    }

    /// The folder that files grow in, made where it is missing.
    func openStaging() throws -> HeldFolder {
        let base = try openDirectory()
        if let staging, base.holds(staging, as: stagingName) { return staging }
        let opened = try openOwn(in: base)
        staging = opened
        return opened
    }

    /// Whether anything stands at the path of the log directory.
    var exists: Bool {
        (try? HeldFolder.holding(directory)).map { (try? $0.folder.facts(of: $0.name)) != nil } ?? false
    }

    /// That users other than root and Weir's can write the log directory, if they can.
    var warning: String? {
        do { _ = try HeldFolder(directory, .ours) } catch let error as UntrustedPath {
            return "other users can delete and forge the flow logs in \(directory): \(error)"
        } catch {}
        return nil
    }

    /// Whether what is held is still where the next process will look for it.
    var isInPlace: Bool {
        guard let base, let staging, let current = try? HeldFolder(directory, .anyFolder) else { return false }
        return base.isSame(as: current) && base.holds(staging, as: stagingName)
    }

    /// The folder that a commit of this or an earlier process has its files in; nil where it is gone.
    func staging(of base: HeldFolder, named name: String) throws -> HeldFolder? {
        if let staging, name == stagingName, self.base?.isSame(as: base) == true { return staging }
        do { return try base.folder(FilePath(name)) } catch Errno.noSuchFileOrDirectory { return nil }
    }

    func removeStaging() { try? base?.removeFolder(stagingName) }

    func takeNotices() -> [String] {
        defer { notices = [] }
        return notices
    }
}

extension LogFolders {
    /// What another user put in its place is put aside; twice, where that user is quick, and then it is an error.
    private func openOwn(in base: HeldFolder) throws -> HeldFolder {
        do {
            let folder = try base.folder(FilePath(stagingName), create: 0o750)
            try prove(folder)
            return folder
        } catch let error where Self.isForeign(error) {
            try putAside(error, in: base)
            let folder = try base.folder(FilePath(stagingName), create: 0o750)
            try prove(folder)
            return folder
        }
    }

    private static func isForeign(_ error: any Error) -> Bool {
        error is UntrustedPath || error as? Errno == .tooManySymbolicLinkLevels
    }

    private func putAside(_ error: any Error, in base: HeldFolder) throws {
        let name = "\(stagingName).foreign-\(String(UInt32(truncatingIfNeeded: RandomBits.next()), radix: 16))"
        try base.rename(stagingName, to: base, name)
        let reason = error is UntrustedPath ? "a folder that other users can change" : "a symbolic link"
        notices.append(
            "\(directory.appending(stagingName)) was \(reason) and is now \(directory.appending(name)); Weir made its own"
        )
    }

    /// Files can be made in the folder, and it belongs to the user that they belong to; other users cannot write it.
    private func prove(_ folder: HeldFolder) throws {
        let name = "probe-\(UInt32(truncatingIfNeeded: RandomBits.next()))"
        let probe = try folder.open(name, O_WRONLY | O_CREAT | O_EXCL)
        defer { try? probe.close() }
        try folder.remove(name)
        let (facts, own) = (try folder.facts(), try probe.facts())
        if facts.st_uid != own.st_uid, facts.st_uid != 0 {
            throw UntrustedPath(path: folder.path, fault: .owner(facts.st_uid))
        }
        if facts.st_mode & (S_IWGRP | S_IWOTH) != 0 {
            throw UntrustedPath(path: folder.path, fault: .writable(mode: facts.st_mode & 0o7777))
        }
    }
}
