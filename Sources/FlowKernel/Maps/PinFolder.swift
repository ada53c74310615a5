// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host

/// A folder of pins that is there with all of them, or not at all.
struct PinFolder: Sendable {
    let path: String

    /// In which it is filled. bpffs takes no name with a dot.
    private var unfinished: String { "\(path)_new" }

    var exists: Bool { unsafe access(path, F_OK) == 0 }

    /// Makes the folder, filled by `body`, which is given the path to pin at. Where it fails, nothing is left.
    func fill(_ body: (_ path: String) throws(KernelError) -> Void) throws(KernelError) {
        do throws(KernelError) {
            remove()
            try Folder.make(unfinished)
            try body(unfinished)
            guard unsafe rename(unfinished, path) == 0 else {
                throw KernelError(errno: errno, "cannot make the directory \(path)")
            }
        } catch {
            remove()
            throw error
        }
    }

    func remove() {
        for folder in [path, unfinished] {
            for name in Folder.entries(of: folder) { unsafe unlink("\(folder)/\(name)") }
            unsafe rmdir(folder)
        }
    }
}
