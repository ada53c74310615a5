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

    /// As it was named, for sentences.
    package let path: FilePath
    package let descriptor: FileDescriptor

    /// Opens the folder that an operator has named.
    ///
    /// - Parameter mode: with which it is made, and those above it, where they are missing; nil: they must be there. Each name
    ///   is on the disk afterwards.
    /// - Throws: Errno, or UntrustedPath where another user can lead Weir elsewhere.
    package convenience init(_ path: FilePath, _ trust: Trust, create mode: mode_t? = nil) throws {
        var walk = PathWalk(path.isEmpty ? "." : path, trust, create: mode)
        self.init(path: path, owning: try walk.open())
    }

    private init(path: FilePath, owning descriptor: FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }

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
            return try openChild(name)
        } catch .noSuchFileOrDirectory {
            guard let mode else { throw .noSuchFileOrDirectory }
            try FileSystemCalls.makeDurableDirectory(name, in: descriptor, mode: mode)
            return try openChild(name)
        }
    }

    private func openChild(_ name: String) throws(Errno) -> HeldFolder {
        do throws(Errno) {
            let child = try FileSystemCalls.open(name, in: descriptor, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            return HeldFolder(path: path.appending(name), owning: child)
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
    package func open(_ name: String, _ flags: CInt, mode: mode_t = 0o600) throws(Errno) -> FileDescriptor {
        try FileSystemCalls.open(name, in: descriptor, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode: mode)
    }

    /// What has that name, links not followed.
    package func facts(of name: String) throws(Errno) -> stat { try FileSystemCalls.facts(of: name, in: descriptor) }

    package func rename(_ name: String, to target: HeldFolder, _ newName: String) throws(Errno) {
        try FileSystemCalls.rename(name, in: descriptor, to: newName, in: target.descriptor)
    }

    /// Removes a name; never a folder.
    package func remove(_ name: String) throws(Errno) { try FileSystemCalls.remove(name, in: descriptor, 0) }

    /// Removes a folder that is empty.
    package func removeFolder(_ name: String) throws(Errno) {
        try FileSystemCalls.remove(name, in: descriptor, AT_REMOVEDIR)
    }

    /// Whether that name still leads to what is open there.
    package func holds(_ open: FileDescriptor, as name: String) -> Bool {
        guard let here = try? facts(of: name), let there = try? open.facts() else { return false }
        return here.st_dev == there.st_dev && here.st_ino == there.st_ino
    }

    /// Whether both are the same folder.
    package func isSame(as other: HeldFolder) -> Bool {
        guard let here = try? descriptor.facts(), let there = try? other.descriptor.facts() else { return false }
        return here.st_dev == there.st_dev && here.st_ino == there.st_ino
    }

    /// Whether the folder has no name any more: nothing can be made in it.
    package var isRemoved: Bool { (try? descriptor.facts().st_nlink) == 0 }

    /// Waits until the names in it are on the disk.
    package func synchronize() throws(Errno) { try FileSystemCalls.synchronize(descriptor) }

    /// The names in it, sorted, without `.` and `..`. `unsafe`: readdir(3) gives pointers into its stream.
    package func names() throws(Errno) -> [String] {
        let copy = try FileSystemCalls.open(".", in: descriptor, O_RDONLY | O_DIRECTORY)
        guard let stream = unsafe fdopendir(copy.rawValue) else {
            defer { try? copy.close() }
            throw Errno(rawValue: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
