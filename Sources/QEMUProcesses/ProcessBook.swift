// SPDX-License-Identifier: Apache-2.0

import Host

/// The processes of QEMU that there are, and what was read of them.
///
/// A process is told again by its number and the inode of its folder, which one reading of /proc gives for all. Only the name of a process
/// that is new is read, and more only of those that may be QEMU's. A process can become QEMU later (execve(2)): young ones are
/// looked at again, and all of them in a thorough look.
struct ProcessBook {
    private struct Seen {
        var inode: UInt64
        var since: ContinuousClock.Instant
        var process: QEMUProcess?
    }

    /// Machines of a host. Those beyond are not named.
    static let mostProcesses = 4096
    /// As long a process is young.
    private static let youth = Duration.seconds(30)

    private var seen: [Int32: Seen] = [:]
    /// Names that were read, for tests.
    private(set) var namesRead = 0

    var processes: [QEMUProcess] { seen.values.compactMap(\.process) }
    var hasProcesses: Bool { seen.values.contains { $0.process != nil } }

    /// Looks at all processes.
    mutating func look(isThorough: Bool, now: ContinuousClock.Instant = .now) {
        var next: [Int32: Seen] = [:]
        var count = 0
        for entry in ProcessList.entries {
            var seen =
                self.seen[entry.pid].flatMap { $0.inode == entry.inode ? $0 : nil }
                ?? Seen(inode: entry.inode, since: now)
            if isThorough || seen.process != nil || now - seen.since < Self.youth {
                read(entry.pid, &seen, isThorough: isThorough)
            }
            if seen.process != nil { count += 1 }
            if count > Self.mostProcesses { seen.process = nil }
            next[entry.pid] = seen
        }
        seen = next
    }

    private mutating func read(_ pid: Int32, _ seen: inout Seen, isThorough: Bool) {
        namesRead += 1
        guard let command = QEMUProcess.command(of: pid), QEMUProcess.isName(command) else {
            seen.process = nil
            return
        }
        if seen.process == nil {
            seen.process = QEMUProcess(pid)
        } else if isThorough, seen.process?.hasDescriptors == true {
            seen.process?.readHeld()
        }
    }
}
