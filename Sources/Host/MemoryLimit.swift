// SPDX-License-Identifier: Apache-2.0

/// The memory that a control group allows this process, and what of it is taken: cgroups(7), both versions.
///
/// What counts is all that the group's processes have, the maps that they made among it; the page cache does not, since
/// the kernel takes it back. Of a group and those above it, this is the one that leaves the least.
package struct MemoryLimit: Equatable, Sendable {
    /// The file that says so.
    package let file: String
    package let bytes: UInt64
    /// Without the page cache.
    package let used: UInt64

    package var room: UInt64 { bytes - min(bytes, used) }

    package init(file: String, bytes: UInt64, used: UInt64) {
        self.file = file
        self.bytes = bytes
        self.used = used
    }

    /// nil where nothing limits it.
    package static func read() -> MemoryLimit? {
        guard let groups = try? ProcFile.read("/proc/self/cgroup"),
            let mounts = try? ProcFile.read("/proc/self/mountinfo")
        else { return nil }
        return folders(groups: groups, mounts: mounts).flatMap { $0.above.compactMap { limit(of: $0) } }
            .min { $0.room < $1.room }
    }

    /// The group's folder in each hierarchy that may limit memory.
    ///
    /// - Parameters:
    ///   - groups: /proc/self/cgroup.
    ///   - mounts: /proc/self/mountinfo.
    package static func folders(groups: String, mounts: String) -> [CgroupFolder] {
        let mounts = mounts.split(separator: "\n").compactMap { CgroupMount(String($0)) }
        return groups.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[1].isEmpty || fields[1].split(separator: ",").contains("memory"),
                let mount = mounts.first(where: { $0.isUnified == fields[1].isEmpty })
            else { return nil }
            return CgroupFolder(mount: mount, group: String(fields[2]))
        }
    }

    private static func limit(of folder: String) -> MemoryLimit? {
        let unified = ["memory.max", "memory.high"].compactMap { limit(folder, $0, "memory.current", "") }
        let legacy = limit(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
        return (unified + [legacy].compactMap(\.self)).min { $0.room < $1.room }
    }

    /// - Parameter prefix: of the names in memory.stat that are of the groups below as well.
    private static func limit(_ folder: String, _ name: String, _ usage: String, _ prefix: String) -> MemoryLimit? {
        let file = folder + "/" + name
        guard let bytes = number(in: file), bytes < unlimited, let used = number(in: folder + "/" + usage),
            let statistics = try? ProcFile.read(folder + "/memory.stat")
        else { return nil }
        let cache = statistics.split(separator: "\n").reduce(0 as UInt64) { sum, line in
            let fields = line.split(separator: " ")
            let isCache = fields.first == "\(prefix)inactive_file" || fields.first == "\(prefix)active_file"
            return isCache ? sum + (fields.last.flatMap { UInt64($0) } ?? 0) : sum
        }
        return MemoryLimit(file: file, bytes: bytes, used: used - min(used, cache))
    }

    /// The older version writes the largest number of pages.
    private static let unlimited: UInt64 = 1 << 62

    private static func number(in file: String) -> UInt64? {
        (try? ProcFile.read(file)).flatMap { UInt64($0.prefix { $0.isNumber }) }
    }
}

/// Where a hierarchy of control groups is mounted: a line of proc(5), mountinfo.
package struct CgroupMount: Equatable, Sendable {
    /// The group that is mounted.
    package let root: String
    package let point: String
    /// Whether it is of version 2.
    let isUnified: Bool

    /// nil where the line is of something else.
    package init?(_ line: String) {
        let halves = line.split(separator: " - ", maxSplits: 1)
        guard halves.count == 2 else { return nil }
        let (fields, file) = (halves[0].split(separator: " "), halves[1].split(separator: " "))
        guard fields.count >= 5, file.count == 3 else { return nil }
        switch file[0] {
        case "cgroup2": isUnified = true
        case "cgroup" where file[2].split(separator: ",").contains("memory"): isUnified = false
        default: return nil
        }
        (root, point) = (String(fields[3]), String(fields[4]))
    }
}

/// The folder of a control group.
package struct CgroupFolder: Equatable, Sendable {
    package let mount: CgroupMount
    /// Below the mount, without a slash at its end: empty for the group that is mounted.
    package let below: String

    package init(mount: CgroupMount, group: String) {
        self.mount = mount
        let root = mount.root == "/" ? "" : mount.root
        let below = group.hasPrefix(root) ? String(group.dropFirst(root.count)) : ""
        self.below = below == "/" ? "" : below
    }

    /// Its path and those of the groups above it, as far as they are mounted.
    package var above: [String] {
        let names = below.split(separator: "/")
        return (0...names.count).reversed().map { count in
            ([mount.point] + names.prefix(count).map(String.init)).joined(separator: "/")
        }
    }
}
