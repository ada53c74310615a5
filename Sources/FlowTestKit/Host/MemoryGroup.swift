// SPDX-License-Identifier: Apache-2.0

internal import Foundation
import Glibc

/// A control group that limits the memory of what is started in it, of either version of cgroups(7).
package final class MemoryGroup {
    private let folder: String

    /// - Parameter megabytes: that its processes may have, the page cache among them.
    package init(megabytes: Int) throws {
        let name = "weir-t\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...(.max)))"
        let legacy = "/sys/fs/cgroup/memory"
        let isLegacy = FileManager.default.fileExists(atPath: legacy + "/memory.limit_in_bytes")
        folder = (isLegacy ? legacy : "/sys/fs/cgroup") + "/" + name
        if !isLegacy { try Self.write("+memory", to: "/sys/fs/cgroup/cgroup.subtree_control") }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try Self.write("\(megabytes << 20)", to: folder + (isLegacy ? "/memory.limit_in_bytes" : "/memory.max"))
    }

    deinit { unsafe rmdir(folder) }

    /// Words that start a program in it.
    package var wrapper: [String] { ["sh", "-c", "echo $$ >\(folder)/cgroup.procs && exec \"$@\"", "sh"] }

    private static func write(_ text: String, to file: String) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }
}
