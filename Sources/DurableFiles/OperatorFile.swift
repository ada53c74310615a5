// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// A file that an operator has written and names: links are followed, pipes are read.
package enum OperatorFile {
    /// All bytes of the file.
    ///
    /// - Parameters:
    ///   - trust: `anyFolder` where what the file says has no consequence.
    ///   - limit: of a file that is larger, EFBIG is thrown.
    /// - Throws: Errno, or UntrustedPath where another user could have written it.
    package static func read(_ path: FilePath, _ trust: HeldFolder.Trust, limit: Int) throws -> [UInt8] {
        let file = try open(path, trust)
        return try file.closeAfter {
            let facts = try file.facts()
            guard facts.st_mode & S_IFMT != S_IFDIR else { throw Errno.isDirectory }
            // A pipe is to be waited for.
            _ = fcntl(file.rawValue, F_SETFL, 0)
            return try read(file, limit)
        }
    }

    /// What is no file on a disk has no path that could be walked: /dev/stdin, or the pipe that a shell makes of `<(…)`.
    private static func open(_ path: FilePath, _ trust: HeldFolder.Trust) throws -> FileDescriptor {
        let file = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
        let facts = try file.facts()
        guard trust != .anyFolder else { return file }
        if facts.st_mode & S_IFMT == S_IFREG {
            try file.close()
            var walk = PathWalk(path, trust, create: nil, on: HostFileSystem())
            return try walk.open(.file)
        }
        if let fault = UntrustedPath.fault(of: facts, allowsSticky: false, trust) {
            try file.close()
            throw UntrustedPath(path: path, fault: fault)
        }
        return file
    }

    private static func read(_ file: FileDescriptor, _ limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try unsafe piece.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else { throw Errno.fileTooLarge }
            bytes += piece[..<count]
        }
    }
}
