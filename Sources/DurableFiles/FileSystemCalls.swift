// SPDX-License-Identifier: Apache-2.0

package import Glibc
package import SystemPackage

/// The system calls that swift-system does not wrap, one line each. `unsafe`: the path is a pointer for the call only.
///
/// A call that fails throws errno as it is.
package enum FileSystemCalls {
    package static func makeDirectory(_ path: FilePath, mode: mode_t) throws(Errno) {
        try check(unsafe mkdir(path.string, mode))
    }

    package static func removeDirectory(_ path: FilePath) throws(Errno) { try check(unsafe rmdir(path.string)) }

    package static func rename(_ from: FilePath, to target: FilePath) throws(Errno) {
        try check(unsafe Glibc.rename(from.string, target.string))
    }

    package static func remove(_ path: FilePath) throws(Errno) {
        try check(unsafe unlink(path.string))
    }

    package static func synchronize(_ descriptor: FileDescriptor) throws(Errno) {
        try check(fsync(descriptor.rawValue))
    }

    /// Takes the lock of an open file (flock(2)) unless somebody else has it. It goes with the last copy of the
    /// descriptor.
    package static func lock(_ descriptor: FileDescriptor) throws(Errno) {
        try check(flock(descriptor.rawValue, LOCK_EX | LOCK_NB))
    }

    /// The same, but waits for it.
    package static func waitForLock(_ descriptor: FileDescriptor) throws(Errno) {
        var result: CInt
        repeat { result = flock(descriptor.rawValue, LOCK_EX) } while result != 0 && errno == EINTR
        try check(result)
    }

    /// Gives a file to whom the folder belongs that it is in: what root makes in the place of a daemon that is not root is the
    /// daemon's. `unsafe`: the pointers are for the calls only.
    package static func giveToOwner(of folder: FilePath, _ path: FilePath) throws(Errno) {
        var facts = stat()
        try check(unsafe stat(folder.string, &facts))
        try check(unsafe chown(path.string, facts.st_uid, facts.st_gid))
    }

    /// Copies from one file to the other where each stands, and returns how much; 0 at the end of the source.
    package static func copy(
        from source: FileDescriptor, to target: FileDescriptor, count: Int
    ) throws(Errno) -> Int {
        let copied = sendfile(target.rawValue, source.rawValue, nil, count)
        try check(copied < 0 ? -1 : 0)
        return copied
    }

    private static func check(_ result: CInt) throws(Errno) {
        if result != 0 { throw Errno(rawValue: errno) }
    }
}
