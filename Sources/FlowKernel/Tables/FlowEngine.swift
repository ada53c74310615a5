// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowModel

extension FlowEngine {
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
