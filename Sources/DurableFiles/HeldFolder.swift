// SPDX-License-Identifier: Apache-2.0

package import Glibc
package import SystemPackage

/// A folder that is held open. What is done in it is done there, whatever becomes of its path.
///
/// Names are of one component. No symbolic link is followed: where one stands in the way, the call fails with ELOOP.
package final class HeldFolder: Sendable {
    /// Which other users may own a part of the path to a folder.
    package enum Trust: Sendable {
        /// Others may own it and write it: all that is done there is done by this type.
        case anyFolder
        /// Root and the process's user alone may write it and the folders above, except where those are sticky.
        case ours
        /// The same, or it is sticky itself.
        case oursOrSticky
        /// The same as `ours`, and the user who became root by sudo(8): for files that operators write.
        case operators
    }

    /// The file system of folders that are opened by their path: the kernel's, unless a simulation runs in this task.
    @TaskLocal package static var defaultFileSystem: any FileSystem = HostFileSystem()

    /// As it was named, for sentences.
    package let path: FilePath
    /// Of the folder, and of all that is opened in it.
    package let fileSystem: any FileSystem
    private let descriptor: FileDescriptor

    /// Opens the folder that an operator has named.
    ///
    /// - Parameter mode: with which it is made, and those above it, where they are missing; nil: they must be there. Each name
    ///   is on the disk afterwards.
    /// - Throws: Errno, or UntrustedPath where another user can lead Weir elsewhere.
    package convenience init(
        _ path: FilePath, _ trust: Trust, create mode: mode_t? = nil, on fileSystem: any FileSystem = defaultFileSystem
    ) throws {
        var walk = PathWalk(path.isEmpty ? "." : path, trust, create: mode, on: fileSystem)
        self.init(path: path, owning: try walk.open(), of: fileSystem)
    }

    private init(path: FilePath, owning descriptor: FileDescriptor, of fileSystem: any FileSystem) {
        self.path = path
        self.descriptor = descriptor
        self.fileSystem = fileSystem
    }

    deinit { try? fileSystem.close(descriptor) }

    /// Opens a folder below, component by component.
    ///
    /// - Parameter mode: with which folders are made that are missing; nil: they must be there.
    package func folder(_ below: FilePath, create mode: mode_t? = nil) throws(Errno) -> HeldFolder {
        var folder = self
        for component in below.components { folder = try folder.child(component.string, create: mode) }
        return folder
    }

    private func child(_ name: String, create mode: mode_t?) throws(Errno) -> HeldFolder {
        guard name != "..", name != "." else { throw .invalidArgument }
        do throws(Errno) {
            let child = try openChild(name)
            if mode != nil { try fileSystem.confirmFolder(name, in: descriptor) }
            return child
        } catch .noSuchFileOrDirectory {
            guard let mode else { throw .noSuchFileOrDirectory }
            try fileSystem.makeDurableFolder(name, in: descriptor, mode: mode)
            return try openChild(name)
        }
    }

    private func openChild(_ name: String) throws(Errno) -> HeldFolder {
        do throws(Errno) {
            let child = try fileSystem.open(name, in: descriptor, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, mode: 0)
            return HeldFolder(path: path.appending(name), owning: child, of: fileSystem)
        } catch .notDirectory {
            // The kernel says the same of a link and of a file.
            throw (try? facts(of: name)).map { $0.st_mode & S_IFMT == S_IFLNK } == true
                ? .tooManySymbolicLinkLevels : .notDirectory
        }
    }
}

// MARK: Names

extension HeldFolder {
    /// Opens or makes a file. A pipe or device does not make it wait.
    package func open(_ name: String, _ flags: CInt, mode: mode_t = 0o600) throws(Errno) -> HeldFile {
        let flags = flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        return HeldFile(owning: try fileSystem.open(name, in: descriptor, flags, mode: mode), of: fileSystem)
    }

    /// What is known of the folder itself.
    package func facts() throws(Errno) -> stat { try fileSystem.facts(descriptor) }

    /// What has that name, links not followed.
    package func facts(of name: String) throws(Errno) -> stat { try fileSystem.facts(of: name, in: descriptor) }

    package func rename(_ name: String, to target: HeldFolder, _ newName: String) throws(Errno) {
        try fileSystem.rename(name, in: descriptor, to: newName, in: target.descriptor)
    }

    /// Gives a file one more name; EEXIST where the name is taken.
    package func link(_ name: String, to target: HeldFolder, _ newName: String) throws(Errno) {
        try fileSystem.link(name, in: descriptor, to: newName, in: target.descriptor)
    }

    /// Swaps what two names lead to, at once; both must be there.
    package func exchange(_ name: String, with target: HeldFolder, _ other: String) throws(Errno) {
        try fileSystem.exchange(name, in: descriptor, with: other, in: target.descriptor)
    }

    /// Removes a name; never a folder.
    package func remove(_ name: String) throws(Errno) { try fileSystem.remove(name, in: descriptor, 0) }

    /// Removes a folder that is empty.
    package func removeFolder(_ name: String) throws(Errno) {
        try fileSystem.remove(name, in: descriptor, AT_REMOVEDIR)
    }

    /// Removes a name, and all that is below it where it is a folder. Does nothing where it is not there.
    package func removeTree(_ name: String) throws(Errno) {
        let facts: stat
        do throws(Errno) { facts = try self.facts(of: name) } catch .noSuchFileOrDirectory { return }
        guard facts.st_mode & S_IFMT == S_IFDIR else { return try remove(name) }
        let below = try folder(FilePath(name))
        for inner in try below.names() { try below.removeTree(inner) }
        try removeFolder(name)
    }

    /// Whether that name still leads to what is open there.
    package func holds(_ open: HeldFile, as name: String) -> Bool {
        (try? open.facts()).map { holds($0, name) } ?? false
    }

    package func holds(_ open: HeldFolder, as name: String) -> Bool {
        (try? open.facts()).map { holds($0, name) } ?? false
    }

    private func holds(_ there: stat, _ name: String) -> Bool {
        (try? facts(of: name)).map { $0.st_dev == there.st_dev && $0.st_ino == there.st_ino } ?? false
    }

    /// Whether both are the same folder.
    package func isSame(as other: HeldFolder) -> Bool {
        guard let here = try? facts(), let there = try? other.facts() else { return false }
        return here.st_dev == there.st_dev && here.st_ino == there.st_ino
    }

    /// Whether the folder has no name any more: nothing can be made in it.
    package var isRemoved: Bool { (try? facts().st_nlink) == 0 }

    /// Waits until the names in it are on the disk.
    package func synchronize() throws(Errno) { try fileSystem.synchronize(descriptor) }

    /// Takes the folder's lock (flock(2)) unless another process has it. It goes with this object.
    package func lock() throws(Errno) { try fileSystem.lock(descriptor, waits: false) }

    /// Bytes that are free for this process on the folder's file system.
    package func space() throws(Errno) -> Int64 { try fileSystem.space(at: descriptor) }

    /// The names in it, sorted, without `.` and `..`.
    package func names() throws(Errno) -> [String] { try fileSystem.names(in: descriptor).sorted() }
}
