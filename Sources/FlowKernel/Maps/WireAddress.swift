// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// 16 bytes of an address as two words, in wire order.
typealias WireAddress = (UInt64, UInt64)

extension IPAddress {
    init(wire: WireAddress, isIPv6: Bool) {
        if isIPv6 {
            self.init(v6High: UInt64(bigEndian: wire.0), low: UInt64(bigEndian: wire.1))
        } else {
            self.init(v4: UInt32(truncatingIfNeeded: UInt64(bigEndian: wire.0) >> 32))
        }
    }

    /// As `weir_flow_key` has an address.
    var wireWords: WireAddress {
        switch version {
        case .v4: ((low << 32).bigEndian, 0)
        case .v6: (high.bigEndian, low.bigEndian)
        }
    }
}
