// SPDX-License-Identifier: Apache-2.0

internal import SystemPackage

/// Folders, made and put on the disk.
enum Folder {
    /// Makes the folder and those above it where they are missing, mode 0750; each name is on the disk afterwards.
    static func create(_ path: FilePath) throws(Errno) {
        do {
            try FileSystemCalls.makeDirectory(path, mode: 0o750)
        } catch .fileExists {
            return
        } catch .noSuchFileOrDirectory {
            let parent = path.removingLastComponent()
            guard parent != path, !parent.isEmpty else { throw .noSuchFileOrDirectory }
            try create(parent)
            try FileSystemCalls.makeDirectory(path, mode: 0o750)
        }
        let parent = path.removingLastComponent()
        try synchronize(parent.isEmpty ? "." : parent)
    }

    /// Waits until the names in a folder are on the disk.
    static func synchronize(_ path: FilePath) throws(Errno) {
        let folder = try open(path)
        defer { try? folder.close() }
        try FileSystemCalls.synchronize(folder)
    }

    private static func open(_ path: FilePath) throws(Errno) -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
