// SPDX-License-Identifier: Apache-2.0

import CLibbpf
package import FlowModel

extension XDPMode {
    /// The mode of a program that is attached (linux/if_link.h: XDP_ATTACHED_*); nil where it is in hardware, or several.
    package init?(attached: UInt8) {
        switch Int(attached) {
        case XDP_ATTACHED_DRV: self = .native
        case XDP_ATTACHED_SKB: self = .generic
        default: return nil
        }
    }

    /// How to ask for it (linux/if_link.h).
    package var flag: UInt32 {
        switch self {
        case .native: 1 << 2  // XDP_FLAGS_DRV_MODE
        case .generic: 1 << 1  // XDP_FLAGS_SKB_MODE
        }
    }
}
