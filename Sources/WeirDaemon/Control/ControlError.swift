// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host

/// A daemon that cannot be asked, in one sentence.
package struct ControlError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    /// What somebody reads whom the socket is not for.
    static func forbidden(_ path: String) -> ControlError {
        let group = SocketPeer.group(of: path).map { "group \(SocketPeer.name(ofGroup: $0))" } ?? "its group"
        return ControlError(
            "cannot ask the daemon on \(path): it answers only root, its own user and members of the \(group); run as one"
        )
    }
}
