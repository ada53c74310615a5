// SPDX-License-Identifier: Apache-2.0

package import Glibc
package import SystemPackage

/// Folders, made and put on the disk.
package enum Folder {
    /// Makes the folder and those above it where they are missing; each name is on the disk afterwards.
    package static func create(_ path: FilePath, mode: mode_t = 0o750) throws(Errno) {
        do {
            try FileSystemCalls.makeDirectory(path, mode: mode)
        } catch .fileExists {
            return
        } catch .noSuchFileOrDirectory {
            let parent = path.removingLastComponent()
            guard parent != path, !parent.isEmpty else { throw .noSuchFileOrDirectory }
            try create(parent, mode: mode)
            try FileSystemCalls.makeDirectory(path, mode: mode)
        }
        try synchronize(above: path)
    }

    /// Waits until the names in a folder are on the disk.
    package static func synchronize(_ path: FilePath) throws(Errno) {
        let folder = try open(path)
        defer { try? folder.close() }
        try FileSystemCalls.synchronize(folder)
    }

    /// Waits until the name of that file or folder is on the disk.
    package static func synchronize(above path: FilePath) throws(Errno) {
        let parent = path.removingLastComponent()
        try synchronize(parent.isEmpty ? "." : parent)
    }

    package static func open(_ path: FilePath) throws(Errno) -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// The names in a folder, sorted, without `.` and `..`. `unsafe`: readdir(3) gives pointers into its stream.
    package static func names(in path: FilePath) throws(Errno) -> [String] {
        guard let stream = unsafe opendir(path.string) else { throw Errno(rawValue: errno) }
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
