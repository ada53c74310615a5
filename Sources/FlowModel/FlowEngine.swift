// SPDX-License-Identifier: Apache-2.0

/// How flows are kept in the kernel; chosen when the tables are made.
package enum FlowEngine: String, Sendable, CaseIterable {
    /// Open addressing in mapped memory, a cache line a flow and CPU.
    case line
    /// BPF_MAP_TYPE_PERCPU_HASH: plain and slow, what the other is tested against.
    case perCPUHash = "percpu-hash"

    package static let `default` = FlowEngine.line
}
