// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Owns a file descriptor and closes it at the end of its life.
package struct Descriptor: ~Copyable {
    /// What a process asks for when it opens something.
    package enum Rights: Sendable {
        case read
        case readWrite
    }

    package let raw: CInt

    /// Takes over an open descriptor.
    package init(owning raw: CInt) { self.raw = raw }

    /// Another descriptor of the same.
    package func duplicate() throws(KernelError) -> Descriptor {
        let copy = fcntl(raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw KernelError(errno: errno, "cannot open one more file") }
        return Descriptor(owning: copy)
    }

    deinit { Glibc.close(raw) }

    /// open(2) with O_CLOEXEC.
    package static func open(_ path: String, flags: CInt) throws(KernelError) -> Descriptor {
        let raw = unsafe Glibc.open(path, flags | O_CLOEXEC)
        guard raw >= 0 else { throw KernelError(errno: errno, "cannot open \(path)") }
        return Descriptor(owning: raw)
    }

    /// read(2), once: empty at the end of the file.
    package func read(upTo count: Int, from path: String) throws(KernelError) -> [UInt8] {
        var code: CInt = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            let got = unsafe Glibc.read(raw, buffer.baseAddress, count)
            code = got < 0 ? errno : 0
            length = max(got, 0)
        }
        guard code == 0 else { throw KernelError(errno: code, "cannot read \(path)") }
        return bytes
    }

    /// flock(2), exclusive, without waiting. Returns whether the lock is ours now; it goes with the descriptor.
    package func lockExclusively() -> Bool { flock(raw, LOCK_EX | LOCK_NB) == 0 }

    /// flock(2), exclusive: waits for its holder.
    package func waitForLock() throws(KernelError) { try wait(for: LOCK_EX) }

    /// flock(2), shared with others that have it shared: waits for a holder that has it exclusively.
    package func waitForSharedLock() throws(KernelError) { try wait(for: LOCK_SH) }

    private func wait(for operation: CInt) throws(KernelError) {
        while flock(raw, operation) != 0 {
            guard errno == EINTR else { throw KernelError(errno: errno, "cannot lock the directory of pins") }
        }
    }

    /// stat(2): the inode number of what is at a path, links followed; nil where there is nothing.
    package static func inode(of path: String) -> UInt64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// fstat(2): the file's inode number.
    package var inode: UInt64 {
        var status = stat()
        return unsafe fstat(raw, &status) == 0 ? UInt64(status.st_ino) : 0
    }
}
