// SPDX-License-Identifier: Apache-2.0

import CHost
import Host

/// The receive queues of an interface of this thread's network namespace.
struct ReceiveQueues: Equatable, Sendable {
    /// Those in use now.
    let count: Int
    /// Those that there can ever be.
    let most: Int

    /// The most that the kernel lets a tap have, which does not say (linux/if_tun.h: MAX_TAP_QUEUES).
    private static let mostOfTap = 256

    static func of(_ interface: NetworkInterface) -> ReceiveQueues {
        var channels = weir_channels()
        if unsafe NetworkInterface.withName(interface.name, { unsafe weir_interface_channels($0, &channels) }) == 0 {
            return ReceiveQueues(
                count: max(1, Int(channels.receiving)), most: max(mostOfTap, Int(channels.most_receiving)))
        }
        // Of another namespace than this thread's, if sysfs was mounted there: then none, or of the same name.
        let listed = Folder.entries(of: "/sys/class/net/\(interface.name)/queues").count { $0.hasPrefix("rx-") }
        return ReceiveQueues(count: max(1, listed), most: max(mostOfTap, listed))
    }
}
