// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
package import Host

extension Installation {
    /// How many packets of the port, which is detached, no daemon has drained yet.
    package func unread(of port: RegisteredPort) throws(KernelError) -> UInt64 {
        let window = tables.control.window
        var packets: UInt64 = 0
        let windows = [window, tables.control.unreleasedWindow?.number].compactMap(\.self)
        for window in windows { packets += try tables.maps.totals(of: port, in: window)?.both.seen.packets ?? 0 }
        return packets
    }
}
