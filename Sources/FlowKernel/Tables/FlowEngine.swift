// SPDX-License-Identifier: Apache-2.0

import CWeirABI

/// How flows are kept in the kernel; chosen when the tables are made.
package enum FlowEngine: String, Sendable, CaseIterable {
    /// Open addressing in mapped memory, a cache line a flow and CPU.
    case line
    /// BPF_MAP_TYPE_PERCPU_HASH: plain and slow, what the other is tested against.
    case perCPUHash = "percpu-hash"

    package static let `default` = FlowEngine.line

    init?(abi: UInt32) {
        switch weir_engine(abi) {
        case WEIR_ENGINE_LINE: self = .line
        case WEIR_ENGINE_PERCPU_HASH: self = .perCPUHash
        default: return nil
        }
    }

    var abi: UInt32 {
        switch self {
        case .line: WEIR_ENGINE_LINE.rawValue
        case .perCPUHash: WEIR_ENGINE_PERCPU_HASH.rawValue
        }
    }
}
