// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processes that this one can see.
package enum ProcessList {
    /// A process, and what tells it from a later one of the same number.
    package struct Entry: Hashable, Sendable {
        package var pid: Int32
        /// Of its folder. It can change while the process lives, and is never that of an earlier process.
        package var inode: UInt64
    }

    /// All of them, from one reading of /proc: no file of any process is opened.
    package static var entries: [Entry] {
        guard let directory = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(directory) }
        var entries: [Entry] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard let pid = Int32(name), pid > 0 else { continue }
            entries.append(Entry(pid: pid, inode: unsafe UInt64(entry.pointee.d_ino)))
        }
        return entries
    }
}
