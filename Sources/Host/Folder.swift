// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Folders by their paths.
package enum Folder {
    /// mkdir(2), mode 0700, where it is not there yet.
    package static func make(_ path: String) throws(KernelError) {
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw KernelError(errno: errno, "cannot make the directory \(path)")
        }
    }

    /// The names in it, in alphabetical order; none where it cannot be read.
    package static func entries(of path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
