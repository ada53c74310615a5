// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which folder lies at a path, and when something was last added to it or removed: one system call for all that is in it.
struct FolderState: Equatable, Sendable {
    private let inode: UInt64
    private let seconds: Int
    private let nanoseconds: Int

    /// fstatat(2); nil where there is none.
    ///
    /// - Parameter parent: the descriptor of the folder that `path` is relative to.
    init?(of path: String, in parent: CInt = AT_FDCWD) {
        var status = stat()
        guard unsafe fstatat(parent, path, &status, 0) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        (seconds, nanoseconds) = (status.st_ctim.tv_sec, status.st_ctim.tv_nsec)
    }

    /// The same, where the next change must have another time; else nil. The kernel notes times in steps of its tick, some
    /// milliseconds.
    var settled: FolderState? {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        let age = (now.tv_sec - seconds) * 1_000_000_000 + now.tv_nsec - nanoseconds
        return age > 100_000_000 ? self : nil
    }
}
