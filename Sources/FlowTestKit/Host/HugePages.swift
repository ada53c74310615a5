// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Huge pages of the host for a test's DPDK, and a place to map them from. The host has as many as before when the owner
/// lets go of it.
package final class HugePages: Sendable {
    /// Where hugetlbfs is mounted.
    package let folder: String
    private let before: Int

    private static let setting = URL(filePath: "/proc/sys/vm/nr_hugepages")

    /// - Parameter megabytes: what must be free.
    package init(megabytes: Int, at folder: String) throws {
        self.folder = folder
        before = try Self.count()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.set(before + megabytes / 2)
        guard try Self.count() == before + megabytes / 2 else {
            try? Self.set(before)
            throw Missing(megabytes: megabytes)
        }
        do {
            try ChildProcess.run(["mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "weir-t", folder])
        } catch {
            try? Self.set(before)
            throw error
        }
    }

    deinit { close() }

    /// Gives them back; their user must have ended.
    package func close() {
        guard (try? ChildProcess.outcome(of: ["umount", folder]))?.succeeded == true else { return }
        try? Self.set(before)
    }

    private static func count() throws -> Int {
        let text = try String(contentsOf: setting, encoding: .utf8)
        return Int(text.split(whereSeparator: \.isNewline).first ?? "") ?? 0
    }

    private static func set(_ count: Int) throws {
        let file = try FileHandle(forWritingTo: setting)
        try file.write(contentsOf: Data("\(count)\n".utf8))
        try file.close()
    }

    package struct Missing: Error, CustomStringConvertible {
        package let megabytes: Int

        package var description: String { "the host has no \(megabytes) MB of free memory in pages of 2 MB" }
    }
}
