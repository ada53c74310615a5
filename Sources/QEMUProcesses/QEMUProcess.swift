// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host

/// A process of QEMU as /proc shows it. What needs the right to trace the process (ptrace(2)) is read where it can be.
struct QEMUProcess: Equatable {
    /// Who a process is, as far as a tap asks for it.
    struct Credentials: Equatable {
        var user: UInt32
        var groups: Set<UInt32>
    }

    var pid: Int32
    /// In the kernel's ticks since it booted: of two processes with the same tap the later one has it.
    var started: UInt64
    var credentials: Credentials
    var line: CommandLine
    /// The taps behind its descriptors, of those that could be read.
    var held: [Int32: String] = [:]

    /// Whether it was given taps as descriptors.
    var hasDescriptors: Bool { line.cards.contains { if case .descriptor = $0.tap { true } else { false } } }
}

extension QEMUProcess {
    private static let longestCommandLine = 64 << 10

    /// Whether a process of that name can be one: `qemu-system-x86`, `qemu-kvm`, and `kvm`, as Debian and Proxmox call it.
    static func isName(_ command: String) -> Bool { command == "kvm" || command.hasPrefix("qemu") }

    /// What a process is called; nil where it is gone, or is not to be seen.
    static func command(of pid: Int32) -> String? {
        ProcFile.bytes("/proc/\(pid)/comm", atMost: 64).map { bytes in
            String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }

    /// Reads a process; nil where it is gone, is not to be seen, has another network namespace than this thread, or has no command line
    /// at this moment.
    init?(_ pid: Int32) {
        guard let started = Self.startTime(of: pid), let credentials = Self.credentials(of: pid),
            Self.sharesNamespace(pid),
            let bytes = ProcFile.bytes("/proc/\(pid)/cmdline", atMost: Self.longestCommandLine), !bytes.isEmpty,
            // The number may have become another process's meanwhile.
            Self.startTime(of: pid) == started
        else { return nil }
        (self.pid, self.started, self.credentials, line) = (pid, started, credentials, CommandLine(bytes))
        readHeld()
    }

    /// Reads anew which taps are behind its descriptors: an interface may be called otherwise now.
    mutating func readHeld() {
        held = [:]
        for case .descriptor(let number) in line.cards.map(\.tap) {
            held[number] = Self.tap(behind: number, of: pid)
        }
    }

    private static func tap(behind descriptor: Int32, of pid: Int32) -> String? {
        guard let bytes = ProcFile.bytes("/proc/\(pid)/fdinfo/\(descriptor)", atMost: 4096) else { return nil }
        let key = Array("iff:".utf8)
        let line = bytes.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: key) }
        return line.map { InterfaceName.text(of: Array($0.dropFirst(key.count).drop { $0 == UInt8(ascii: "\t") })) }
    }

    /// Field 22 of /proc/PID/stat; the second one, in brackets, may hold anything.
    private static func startTime(of pid: Int32) -> UInt64? {
        guard let bytes = ProcFile.bytes("/proc/\(pid)/stat", atMost: 4096),
            let bracket = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(bracket + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
    }

    /// The user and the groups that count when it opens something.
    private static func credentials(of pid: Int32) -> Credentials? {
        guard let bytes = ProcFile.bytes("/proc/\(pid)/status", atMost: 16 << 10) else { return nil }
        var numbers: [Substring: [UInt32]] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split { $0 == "\t" || $0 == " " }
            guard let key = words.first, ["Uid:", "Gid:", "Groups:"].contains(key) else { continue }
            numbers[key] = words.dropFirst().compactMap { UInt32($0) }
        }
        guard let users = numbers["Uid:"], let groups = numbers["Gid:"], users.count > 1, groups.count > 1 else {
            return nil
        }
        return Credentials(user: users[1], groups: Set([groups[1]] + (numbers["Groups:"] ?? [])))
    }

    /// /proc/PID/ns is for those who may trace the process; files of /proc/PID/net are for all, and each network namespace has its own.
    private static func sharesNamespace(_ pid: Int32) -> Bool {
        guard let own = ProcFile.inode("/proc/thread-self/net/dev") else { return false }
        return ProcFile.inode("/proc/\(pid)/net/dev") == own
    }
}
