// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

// Small files that are there whole or not at all.
extension HeldFolder {
    /// What the file's name ends with until it is whole: to be removed where it is found.
    package static let temporaryEnding = ".new"

    /// Writes a file of these bytes, mode 0600, to the disk. Replaces a file of the same name.
    ///
    /// The file belongs to whom the folder does: what root makes in the place of a daemon that is not root is the daemon's.
    package func replace(_ name: String, with bytes: [UInt8]) throws(Errno) {
        let temporary = name + Self.temporaryEnding
        try? remove(temporary)
        let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL)
        do {
            try file.closeAfter {
                try giveToOwner(file)
                try file.writeAll(bytes)
                try file.synchronize()
            }
            try rename(temporary, to: self, name)
        } catch {
            try? remove(temporary)
            throw error as? Errno ?? .ioError
        }
        try synchronize()
    }

    /// All bytes of a file. `unsafe`: the pointer is for the call only.
    ///
    /// - Parameter limit: of a file that is larger, EFBIG is thrown.
    package func read(_ name: String, limit: Int = .max) throws(Errno) -> [UInt8] {
        let file = try open(name, O_RDONLY)
        do {
            return try file.closeAfter {
                let facts = try file.facts()
                guard facts.st_mode & S_IFMT == S_IFREG else { throw Errno.invalidArgument }
                let size = Int(facts.st_size)
                guard size <= limit else { throw Errno.fileTooLarge }
                var bytes = [UInt8](repeating: 0, count: size)
                var count = 0
                while count < size {
                    let read = try unsafe bytes.withUnsafeMutableBytes { buffer in
                        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
                        return unsafe try file.read(fromAbsoluteOffset: Int64(count), into: rest)
                    }
                    if read == 0 { break }
                    count += read
                }
                return Array(bytes[..<count])
            }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Opens a file to lock it (flock(2)), and makes it where it is missing.
    package func openLock(_ name: String) throws(Errno) -> HeldFile {
        do throws(Errno) {
            let lock = try open(name, O_RDWR | O_CREAT | O_EXCL)
            // A file that was there is left to whom it belongs: it may be a link to another one.
            try? giveToOwner(lock)
            return lock
        } catch .fileExists {
            return try open(name, O_RDWR)
        }
    }

    private func giveToOwner(_ file: HeldFile) throws(Errno) {
        let (folder, facts) = (try self.facts(), try file.facts())
        guard folder.st_uid != facts.st_uid, geteuid() == 0 else { return }
        try file.give(to: folder.st_uid, folder.st_gid)
    }
}

// Files that are named by their whole path.
extension HeldFolder {
    /// The folder that a file is in, and its name there.
    package static func holding(_ path: FilePath) throws -> (folder: HeldFolder, name: String) {
        guard let name = path.lastComponent else { throw Errno.invalidArgument }
        return (try HeldFolder(path.removingLastComponent(), .anyFolder), name.string)
    }

    package static func read(_ path: FilePath) throws -> [UInt8] {
        let (folder, name) = try holding(path)
        return try folder.read(name)
    }

    package static func replace(_ path: FilePath, with bytes: [UInt8]) throws {
        let (folder, name) = try holding(path)
        try folder.replace(name, with: bytes)
    }

    /// Removes a file. Does nothing where there is none.
    package static func remove(_ path: FilePath) throws {
        do {
            let (folder, name) = try holding(path)
            try folder.remove(name)
        } catch Errno.noSuchFileOrDirectory {}
    }

    /// Gives a file another name in its folder.
    package static func rename(_ path: FilePath, to newName: String) throws {
        let (folder, name) = try holding(path)
        try folder.rename(name, to: folder, newName)
    }

    package static func open(_ path: FilePath, _ flags: CInt) throws -> HeldFile {
        let (folder, name) = try holding(path)
        return try folder.open(name, flags)
    }

    /// Waits until the name of that file is on the disk.
    package static func synchronize(nameOf path: FilePath) throws { try holding(path).folder.synchronize() }
}
