// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// A user on the other end of a socket.
package struct SocketPeer: Equatable, Sendable {
    package let user: UInt32
    /// The effective one and the supplementary ones.
    package let groups: Set<UInt32>
    /// 0 where it is in a PID namespace that is not seen from here.
    package let process: Int32

    package init(user: UInt32, groups: Set<UInt32>, process: Int32 = 0) {
        self.process = process
        self.user = user
        self.groups = groups
    }

    /// This process.
    package static var ownUser: UInt32 { geteuid() }

    /// Whether it is root, this process's own user, or a member of that group.
    package func mayAsk(ownUser: UInt32 = ownUser, group: UInt32) -> Bool {
        user == 0 || user == ownUser || groups.contains(group)
    }

    /// The group that a path belongs to; nil where nothing is there.
    package static func group(of path: String) -> UInt32? {
        let group = unsafe weir_group_of(path)
        return group < 0 ? nil : UInt32(group)
    }

    /// What the group is called: its name, or its number where it has none.
    package static func name(ofGroup group: UInt32) -> String {
        guard let entry = unsafe getgrgid(group) else { return "\(group)" }
        return unsafe String(cString: entry.pointee.gr_name)
    }
}
