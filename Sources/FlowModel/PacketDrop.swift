// SPDX-License-Identifier: Apache-2.0

/// Packets of one flow that the kernel dropped for one reason.
package struct PacketDrop: Equatable, Sendable {
    /// Without tags and direction; port 0 where it is not known by which one they came in.
    package var flow: FlowKey
    package var reason: RejectReason
    package var count: PacketCount

    package init(flow: FlowKey, reason: RejectReason, count: PacketCount) {
        self.flow = flow
        self.reason = reason
        self.count = count
    }
}
