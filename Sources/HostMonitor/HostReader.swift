// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Glibc
import Host

/// Reads the host's figures, and knows the last ones, for rates. Used from one thread, in the network namespace that it was made in.
struct HostReader: ~Copyable {
    private var interfaces: HostInterfaces
    private let ticksPerSecond = Double(sysconf(CInt(_SC_CLK_TCK)))
    private let uuid = HostReader.uuid
    private var last: (report: HostReport, time: MonotonicTime)?
    /// Whether a device is a disk, by its name: what was a disk stays one.
    private var isDisk: [String: Bool] = [:]
    private var clock: (megahertz: Int?, read: MonotonicTime)?

    /// The text of `/proc/cpuinfo` costs the kernel a question to each CPU.
    private static let clockPeriod = Duration.seconds(60)

    init() { interfaces = HostInterfaces() }

    mutating func read() -> HostReport {
        let now = ClockAnchor.now.monotonic
        var report = HostReport()
        readSystem(&report)
        readProcessors(&report.cpu, now)
        report.memory.take(information: Self.text("meminfo"))
        report.memory.take(counters: Self.text("vmstat"))
        report.disks = HostDisk.list(Self.text("diskstats")) { isWhole($0) }
        report.interfaces = interfaces.read(now)
        if let last {
            let passed = last.time.duration(to: now) / .seconds(1)
            report.addRates(since: last.report, over: Interval(seconds: passed))
        }
        last = (report, now)
        return report
    }

    private static func text(_ name: String) -> String { (try? ProcFile.read("/proc/\(name)")) ?? "" }

    private func readSystem(_ report: inout HostReport) {
        func word(_ name: String) -> String {
            Self.text("sys/kernel/\(name)").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        (report.hostname, report.osRelease, report.osName) = (word("hostname"), word("osrelease"), "linux")
        (report.uuid, report.machineType) = (uuid, Self.machineType)
        report.uptimeSeconds = ProcText.lines(Self.text("uptime")).first?.first.flatMap { Double($0) } ?? 0
        guard let root = try? FileManager.default.attributesOfFileSystem(forPath: "/") else { return }
        report.rootBytes = (root[.systemSize] as? NSNumber)?.uint64Value ?? 0
        report.rootFreeBytes = (root[.systemFreeSize] as? NSNumber)?.uint64Value ?? 0
    }

    private static var machineType: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "aarch64"
        #else
            "unknown"
        #endif
    }

    /// That of the firmware is for root alone.
    private static var uuid: String? {
        if let text = try? ProcFile.read("/sys/class/dmi/id/product_uuid") {
            return text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        }
        return (try? ProcFile.read("/etc/machine-id")).flatMap { uuid(ofMachineID: $0) }
    }

    /// The text of machine-id(5), 32 hexadecimal digits, with hyphens; nil where it is anything else.
    static func uuid(ofMachineID text: String) -> String? {
        let digits = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard digits.count == 32, digits.allSatisfy(\.isHexDigit) else { return nil }
        var rest = digits[...]
        return [8, 4, 4, 4, 12].map { length in
            defer { rest = rest.dropFirst(length) }
            return String(rest.prefix(length))
        }.joined(separator: "-")
    }

    private mutating func readProcessors(_ cpu: inout HostCPU, _ now: MonotonicTime) {
        cpu.take(stat: Self.text("stat"), ticksPerSecond: ticksPerSecond)
        cpu.take(load: Self.text("loadavg"))
        if clock == nil || clock!.read.duration(to: now) >= Self.clockPeriod {
            cpu.take(information: (try? ProcFile.readBeginning("/proc/cpuinfo")) ?? "")
            clock = (cpu.megahertz, now)
        }
        cpu.megahertz = clock?.megahertz
    }

    /// A part of a disk is listed below the disk, not beside it.
    private mutating func isWhole(_ device: String) -> Bool {
        if let known = isDisk[device] { return known }
        let name = device.replacing("/", with: "!")
        let isWhole = FileManager.default.fileExists(atPath: "/sys/block/\(name)")
        isDisk[device] = isWhole
        return isWhole
    }
}
