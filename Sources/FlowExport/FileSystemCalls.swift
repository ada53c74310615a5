// SPDX-License-Identifier: Apache-2.0

import Glibc
internal import SystemPackage

/// The system calls that swift-system does not wrap, one line each. `unsafe`: the path is a pointer for the call only.
///
/// A call that fails throws errno as it is.
enum FileSystemCalls {
    static func makeDirectory(_ path: FilePath, mode: mode_t) throws(Errno) {
        try check(unsafe mkdir(path.string, mode))
    }

    static func rename(_ from: FilePath, to target: FilePath) throws(Errno) {
        try check(unsafe Glibc.rename(from.string, target.string))
    }

    static func remove(_ path: FilePath) throws(Errno) {
        try check(unsafe unlink(path.string))
    }

    static func synchronize(_ descriptor: FileDescriptor) throws(Errno) {
        try check(fsync(descriptor.rawValue))
    }

    /// Copies from one file to the other where each stands, and returns how much; 0 at the end of the source.
    static func copy(from source: FileDescriptor, to target: FileDescriptor, count: Int) throws(Errno) -> Int {
        let copied = sendfile(target.rawValue, source.rawValue, nil, count)
        try check(copied < 0 ? -1 : 0)
        return copied
    }

    private static func check(_ result: CInt) throws(Errno) {
        if result != 0 { throw Errno(rawValue: errno) }
    }
}
