// SPDX-License-Identifier: Apache-2.0

import BPF
import Host

/// The machine's CPUs.
enum HostCPUs {
    /// CPUs that tables are made for.
    ///
    /// The line engine's for those present: firmware may call many more possible than there are sockets for, and each
    /// would take its part of the budget. One that is plugged in later counts into overflow.
    static func count(for engine: FlowEngine) -> Int {
        switch engine {
        case .line: present ?? BPFMap.cpuCount
        case .perCPUHash: BPFMap.cpuCount
        }
    }

    /// The highest number in /sys/devices/system/cpu/present ("0-3,8-11", cpu(5)), and one.
    private static var present: Int? {
        guard let text = try? ProcFile.read("/sys/devices/system/cpu/present") else { return nil }
        return text.split { !$0.isNumber }.last.flatMap { Int($0) }.map { $0 + 1 }
    }
}
