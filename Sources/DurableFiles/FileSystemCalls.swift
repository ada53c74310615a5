// SPDX-License-Identifier: Apache-2.0

package import Glibc
package import SystemPackage

/// The system calls that swift-system does not wrap, one line each. `unsafe`: the path is a pointer for the call only.
///
/// A call that fails throws errno as it is.
package enum FileSystemCalls {
    /// Of <asm-generic/fcntl.h>; the C library shows it to GNU sources alone.
    static let pathOnly: CInt = 0o10_000_000

    /// Opens what has that name in a folder (openat(2)); closed on exec.
    static func open(
        _ name: String, in folder: FileDescriptor, _ flags: CInt, mode: mode_t = 0
    ) throws(Errno) -> FileDescriptor {
        while true {
            let raw = unsafe openat(folder.rawValue, name, flags | O_CLOEXEC, mode)
            if raw >= 0 { return FileDescriptor(rawValue: raw) }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    /// Makes a folder, and writes its name to the disk. Does nothing where the folder is there already.
    static func makeDurableDirectory(_ name: String, in folder: FileDescriptor, mode: mode_t) throws(Errno) {
        guard unsafe mkdirat(folder.rawValue, name, mode) == 0 else {
            if errno == EEXIST { return }
            throw Errno(rawValue: errno)
        }
        // One that is open for its path alone cannot be synchronized.
        let parent = try open(".", in: folder, O_RDONLY | O_DIRECTORY)
        defer { try? parent.close() }
        try synchronize(parent)
    }

    /// The target of a symbolic link that is open for its path.
    static func readLink(_ link: FileDescriptor) throws(Errno) -> FilePath {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe readlinkat(link.rawValue, "", $0.baseAddress!, $0.count - 1)
        }
        try check(count < 0 ? -1 : 0)
        return FilePath(String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    static func facts(of name: String, in folder: FileDescriptor) throws(Errno) -> stat {
        var facts = stat()
        try check(unsafe fstatat(folder.rawValue, name, &facts, AT_SYMLINK_NOFOLLOW))
        return facts
    }

    static func rename(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno) {
        try check(unsafe renameat(folder.rawValue, name, target.rawValue, newName))
    }

    static func remove(_ name: String, in folder: FileDescriptor, _ flags: CInt) throws(Errno) {
        try check(unsafe unlinkat(folder.rawValue, name, flags))
    }

    static func give(_ file: FileDescriptor, to user: uid_t, _ group: gid_t) throws(Errno) {
        try check(fchown(file.rawValue, user, group))
    }

    package static func synchronize(_ descriptor: FileDescriptor) throws(Errno) {
        try check(fsync(descriptor.rawValue))
    }

    /// Takes the lock of an open file (flock(2)) unless another process has it. It goes with the last copy of the
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

extension FileDescriptor {
    /// What is open (fstat(2)). `unsafe`: the pointer is for the call only.
    package func facts() throws(Errno) -> stat {
        var facts = Glibc.stat()
        guard unsafe fstat(rawValue, &facts) == 0 else { throw Errno(rawValue: errno) }
        return facts
    }
}
