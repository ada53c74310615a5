// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Small files that are there whole or not at all.
package enum WholeFile {
    /// What the file's name ends with until it is whole: to be removed where it is found.
    package static let temporaryEnding = ".new"

    /// Puts a file of these bytes, mode 0600, in the place of the one that may be there. It is on the disk afterwards.
    package static func replace(_ path: FilePath, with bytes: [UInt8]) throws(Errno) {
        let temporary = FilePath(path.string + temporaryEnding)
        do {
            try write(bytes, to: temporary)
            try FileSystemCalls.rename(temporary, to: path)
        } catch {
            try? FileSystemCalls.remove(temporary)
            throw error
        }
        try Folder.synchronize(above: path)
    }

    /// All bytes of a file. `unsafe`: the pointer is for the call only.
    package static func read(_ path: FilePath) throws(Errno) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try file.closeAfter {
                let size = Int(try file.seek(offset: 0, from: .end))
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

    private static func write(_ bytes: [UInt8], to path: FilePath) throws(Errno) {
        do {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
            try file.closeAfter {
                try file.writeAll(bytes)
                try FileSystemCalls.synchronize(file)
            }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
