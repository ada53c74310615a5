// SPDX-License-Identifier: Apache-2.0

internal import CHost
internal import Glibc
internal import SystemPackage

/// The kernel's file systems: a system call each. `unsafe`: a pointer is for the call only.
struct HostFileSystem: FileSystem {
    let durableFolders = DurableFolders()

    func open(
        _ name: String, in folder: FileDescriptor, _ flags: CInt, mode: mode_t
    ) throws(Errno) -> FileDescriptor {
        while true {
            let raw = unsafe openat(folder.rawValue, name, flags | O_CLOEXEC, mode)
            if raw >= 0 { return FileDescriptor(rawValue: raw) }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    func close(_ open: FileDescriptor) throws(Errno) { try check(Glibc.close(open.rawValue)) }

    func facts(_ open: FileDescriptor) throws(Errno) -> stat { try open.facts() }

    func facts(of name: String, in folder: FileDescriptor) throws(Errno) -> stat {
        var facts = stat()
        try check(unsafe fstatat(folder.rawValue, name, &facts, AT_SYMLINK_NOFOLLOW))
        return facts
    }

    func names(in folder: FileDescriptor) throws(Errno) -> [String] {
        let copy = try open(".", in: folder, O_RDONLY | O_DIRECTORY, mode: 0)
        guard let stream = unsafe fdopendir(copy.rawValue) else {
            defer { try? close(copy) }
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
        return names
    }

    func readLink(_ link: FileDescriptor) throws(Errno) -> FilePath {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe readlinkat(link.rawValue, "", $0.baseAddress!, $0.count - 1)
        }
        try check(count < 0 ? -1 : 0)
        return FilePath(String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    func makeFolder(_ name: String, in folder: FileDescriptor, mode: mode_t) throws(Errno) {
        try check(unsafe mkdirat(folder.rawValue, name, mode))
    }

    func link(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno) {
        try check(unsafe linkat(folder.rawValue, name, target.rawValue, newName, 0))
    }

    func rename(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno) {
        try check(unsafe renameat(folder.rawValue, name, target.rawValue, newName))
    }

    func exchange(
        _ name: String, in folder: FileDescriptor, with other: String, in target: FileDescriptor
    ) throws(Errno) {
        let result = unsafe weir_exchange_names(folder.rawValue, name, target.rawValue, other)
        if result != 0 { throw Errno(rawValue: -result) }
    }

    func remove(_ name: String, in folder: FileDescriptor, _ flags: CInt) throws(Errno) {
        try check(unsafe unlinkat(folder.rawValue, name, flags))
    }

    func give(_ file: FileDescriptor, to user: uid_t, _ group: gid_t) throws(Errno) {
        try check(fchown(file.rawValue, user, group))
    }
}

extension HostFileSystem {
    func read(
        _ file: FileDescriptor, at offset: Int64, into bytes: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        do { return unsafe try file.read(fromAbsoluteOffset: offset, into: bytes) } catch {
            throw error as? Errno ?? .ioError
        }
    }

    func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int64?) throws(Errno) -> Int {
        do {
            guard let offset else { return unsafe try file.write(bytes) }
            return unsafe try file.write(toAbsoluteOffset: offset, bytes)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    func resize(_ file: FileDescriptor, to size: Int64) throws(Errno) {
        var result: CInt
        repeat { result = ftruncate(file.rawValue, Int(size)) } while result != 0 && errno == EINTR
        try check(result)
    }

    func synchronize(_ open: FileDescriptor) throws(Errno) { try check(fsync(open.rawValue)) }

    func lock(_ open: FileDescriptor, waits: Bool) throws(Errno) {
        var result: CInt
        repeat {
            result = flock(open.rawValue, waits ? LOCK_EX : LOCK_EX | LOCK_NB)
        } while result != 0 && waits && errno == EINTR
        try check(result)
    }

    func space(at open: FileDescriptor) throws(Errno) -> Int64 {
        var space = statvfs()
        try check(unsafe fstatvfs(open.rawValue, &space))
        return Int64(clamping: UInt64(space.f_bavail) * UInt64(space.f_frsize))
    }

    private func check(_ result: CInt) throws(Errno) {
        if result != 0 { throw Errno(rawValue: errno) }
    }
}

extension FileDescriptor {
    /// What is open (fstat(2)). `unsafe`: the pointer is for the call only.
    func facts() throws(Errno) -> stat {
        var facts = Glibc.stat()
        guard unsafe fstat(rawValue, &facts) == 0 else { throw Errno(rawValue: errno) }
        return facts
    }
}
