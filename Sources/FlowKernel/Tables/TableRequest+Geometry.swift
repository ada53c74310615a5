// SPDX-License-Identifier: Apache-2.0

import BPF
package import FlowModel
package import Host

extension TableRequest {
    /// The tables for this machine's CPUs. Throws where they would take more than the limit, or than the control group
    /// allows.
    package func geometry() throws(KernelError) -> TableGeometry { try geometry(allowed: .read()) }

    package func geometry(allowed: MemoryLimit?) throws(KernelError) -> TableGeometry {
        let cpus = HostCPUs.count(for: engine)
        let geometry = TableGeometry(engine: engine, flowBudget: flowBudget, portShare: portShare, cpus: cpus)
        if let memoryLimit, geometry.tableBytes > memoryLimit {
            throw refusal(
                geometry, fitting: memoryLimit, "the limit is \(memoryLimit)", "raise the limit (table-memory)")
        }
        if let allowed, geometry.tableBytes > allowed.room {
            throw refusal(
                geometry, fitting: allowed.room,
                "the memory limit of \(allowed.bytes) (\(allowed.file)) leaves \(allowed.room)",
                "raise that limit")
        }
        return geometry
    }

    private func refusal(
        _ geometry: TableGeometry, fitting limit: UInt64, _ cause: String, _ remedy: String
    ) -> KernelError {
        let largest = TableGeometry.largestBudget(
            engine: engine, portShare: portShare, cpus: geometry.cpus, fitting: limit)
        return KernelError(
            .invalid, "cannot make room for \(counted(flowBudget, "flow"))",
            cause: "their table takes \(geometry.tableBytes) bytes, and \(cause)",
            remedy: largest == 0 ? remedy : "ask for at most \(counted(largest, "flow")), or \(remedy)")
    }
}

/// The machine's CPUs.
private enum HostCPUs {
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
