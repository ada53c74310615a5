// SPDX-License-Identifier: Apache-2.0

internal import FlowKernel
import Host

/// Where a run was made: figures mean little without it.
package struct MachineFacts: Codable, Sendable {
    package let kernel: String
    package let cpuModel: String
    package let cpus: Int
    package let memoryBytes: UInt64

    enum CodingKeys: String, CodingKey {
        case kernel, cpus
        case cpuModel = "cpu_model"
        case memoryBytes = "memory_bytes"
    }

    package init(kernel: String, cpuModel: String, cpus: Int, memoryBytes: UInt64) {
        self.kernel = kernel
        self.cpuModel = cpuModel
        self.cpus = cpus
        self.memoryBytes = memoryBytes
    }

    /// This machine.
    package static var here: MachineFacts {
        MachineFacts(
            kernel: line(of: "/proc/sys/kernel/osrelease") ?? "unknown",
            cpuModel: field("model name", of: "/proc/cpuinfo") ?? "unknown", cpus: ThreadCPU.online,
            memoryBytes: (ProcFile.number(named: "MemTotal", in: "/proc/meminfo") ?? 0) * 1024)
    }

    private static func line(of path: String) -> String? {
        (try? ProcFile.read(path))?.split(separator: "\n").first.map(String.init)
    }

    private static func field(_ name: String, of path: String) -> String? {
        let lines = (try? ProcFile.read(path))?.split(separator: "\n") ?? []
        guard let line = lines.first(where: { $0.hasPrefix(name) }), let colon = line.firstIndex(of: ":") else {
            return nil
        }
        return String(line[line.index(after: colon)...].drop { $0 == " " })
    }
}
