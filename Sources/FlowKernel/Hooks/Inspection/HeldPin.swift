// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import Glibc
import Host

/// Keeps what is pinned at a path, so that it can be pinned there again.
final class HeldPin: Sendable {
    private let descriptor: Descriptor
    /// Of the pin: another object at the same path has another.
    private let inode: UInt64
    private let path: String

    /// nil where nothing is pinned there, or no descriptor is left for it.
    init?(at path: String) {
        guard let inode = Self.inode(of: path) else { return nil }
        let raw = unsafe bpf_obj_get(path)
        guard raw >= 0 else { return nil }
        descriptor = Descriptor(owning: raw)
        self.inode = inode
        self.path = path
    }

    /// Whether something else is pinned there by now.
    var isReplaced: Bool { Self.inode(of: path).map { $0 != inode } ?? false }

    var isMissing: Bool { unsafe access(path, F_OK) != 0 }

    func pinAgain() throws(KernelError) {
        let result = unsafe bpf_obj_pin(descriptor.raw, path)
        guard result == 0 else { throw KernelError(errno: result, "cannot pin \(path) again") }
    }

    private static func inode(of path: String) -> UInt64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}
