// SPDX-License-Identifier: Apache-2.0

package import Glibc
import Synchronization
package import SystemPackage

/// The calls by which durable files are made, written and read: the kernel's, or those of a simulation with faults.
///
/// A descriptor is of the file system that opened it, and must be used with no other. A call that fails throws errno as it is. Names are
/// of one component, and a symbolic link in their place is not followed, unless a function says otherwise.
package protocol FileSystem: Sendable {
    /// Opens what has that name in a folder (openat(2)); closed on exec.
    func open(
        _ name: String, in folder: FileDescriptor, _ flags: CInt, mode: mode_t
    ) throws(Errno) -> FileDescriptor
    func close(_ open: FileDescriptor) throws(Errno)

    /// What is open (fstat(2)).
    func facts(_ open: FileDescriptor) throws(Errno) -> stat
    /// What has that name.
    func facts(of name: String, in folder: FileDescriptor) throws(Errno) -> stat
    /// The names in a folder, in any order, without `.` and `..`.
    func names(in folder: FileDescriptor) throws(Errno) -> [String]
    /// The target of a symbolic link that is open for its path.
    func readLink(_ link: FileDescriptor) throws(Errno) -> FilePath

    func makeFolder(_ name: String, in folder: FileDescriptor, mode: mode_t) throws(Errno)
    /// Gives a file one more name; EEXIST where the name is taken.
    func link(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno)
    /// Gives it another name, in the place of what has that name.
    func rename(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno)
    /// Swaps what two names lead to (RENAME_EXCHANGE of renameat2(2)); both must be there.
    func exchange(
        _ name: String, in folder: FileDescriptor, with other: String, in target: FileDescriptor
    ) throws(Errno)
    /// - Parameter flags: of unlinkat(2): AT_REMOVEDIR for an empty folder.
    func remove(_ name: String, in folder: FileDescriptor, _ flags: CInt) throws(Errno)
    func give(_ file: FileDescriptor, to user: uid_t, _ group: gid_t) throws(Errno)

    /// Reads at most as many bytes as there is room for, and returns how many; 0 at the end of the file.
    func read(
        _ file: FileDescriptor, at offset: Int64, into bytes: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int
    /// Writes some of the bytes, and returns how many.
    ///
    /// - Parameter offset: nil: where the file stands.
    func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int64?) throws(Errno) -> Int
    func resize(_ file: FileDescriptor, to size: Int64) throws(Errno)
    /// Waits until a file's content, or the names in a folder, are on the disk (fsync(2)).
    func synchronize(_ open: FileDescriptor) throws(Errno)
    /// Takes the lock of an open file (flock(2)). It goes with the last copy of the descriptor.
    ///
    /// - Parameter waits: or EWOULDBLOCK is thrown where another process has it.
    func lock(_ open: FileDescriptor, waits: Bool) throws(Errno)
    /// Bytes that are free for this process where that file or folder is.
    func space(at open: FileDescriptor) throws(Errno) -> Int64

    /// The folders whose names this process knows to be on the disk.
    var durableFolders: DurableFolders { get }
}

/// Folders whose names a process knows to be on the disk.
package final class DurableFolders: Sendable {
    private struct Place: Hashable {
        let device: UInt
        let parent: UInt
        let name: String
    }

    private let places = Mutex<Set<Place>>([])

    /// Beyond it they are forgotten, and synchronized again.
    private static let most = 4096

    package init() {}

    fileprivate func contains(_ name: String, in parent: stat) -> Bool {
        places.withLock { $0.contains(Place(device: UInt(parent.st_dev), parent: UInt(parent.st_ino), name: name)) }
    }

    fileprivate func insert(_ name: String, in parent: stat) {
        places.withLock { places in
            if places.count >= Self.most { places = [] }
            places.insert(Place(device: UInt(parent.st_dev), parent: UInt(parent.st_ino), name: name))
        }
    }
}

extension FileSystem {
    /// Makes a folder where it is missing, and writes its name to the disk.
    func makeDurableFolder(_ name: String, in folder: FileDescriptor, mode: mode_t) throws(Errno) {
        do throws(Errno) { try makeFolder(name, in: folder, mode: mode) } catch .fileExists {
            return try confirmFolder(name, in: folder)
        }
        try synchronizeNames(in: folder)
        durableFolders.insert(name, in: try facts(folder))
    }

    /// Sees to it that the name of a folder is on the disk that was there already: the process that made it may have died before it was, or
    /// its fsync may have failed.
    func confirmFolder(_ name: String, in folder: FileDescriptor) throws(Errno) {
        let parent = try facts(folder)
        guard !durableFolders.contains(name, in: parent) else { return }
        // A folder that this process may not read was made by another user, and long ago.
        do throws(Errno) { try synchronizeNames(in: folder) } catch .ioError { throw .ioError } catch {}
        durableFolders.insert(name, in: parent)
    }

    private func synchronizeNames(in folder: FileDescriptor) throws(Errno) {
        // One that is open for its path alone cannot be synchronized.
        let parent = try open(".", in: folder, O_RDONLY | O_DIRECTORY, mode: 0)
        defer { try? close(parent) }
        try synchronize(parent)
    }
}
