// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What became of the packets that a session took at a port in one direction. Wire packets and octets, as flow records have them.
///
/// `matched = mirrored + withheld + failed`, exactly.
package struct TapCounts: Equatable, Sendable {
    package var matched = PacketCount.zero
    package var mirrored = PacketCount.zero
    /// Of what was mirrored: what was cut to the session's packet length.
    package var truncated = PacketCount.zero
    package var withheld = Withheld()
    package var failed = Failed()

    /// Why a packet that matched was not copied, though it could have been: the first of these that holds.
    package struct Withheld: Equatable, Sendable {
        /// Its flow has had its first packets or octets.
        package var firstOfFlow = PacketCount.zero
        package var sampling = PacketCount.zero
        /// The session's own rate.
        package var rate = PacketCount.zero
        /// What the destination and the host leave to it.
        package var budget = PacketCount.zero
        /// Further segments of super-frames that were cut: the kernel has the first alone as a frame.
        package var segments = PacketCount.zero

        package init() {}

        package var sum: PacketCount { firstOfFlow + sampling + rate + budget + segments }
    }

    /// Why a copy could not be made or sent.
    package struct Failed: Equatable, Sendable {
        /// The destination's interface is gone, down, or refuses the frame.
        package var destination = PacketCount.zero
        /// The outer packet would not fit the path's MTU, and may not be cut.
        package var tooBig = PacketCount.zero
        /// The ring had no room: its reader is slow.
        package var ringFull = PacketCount.zero

        package init() {}

        package var sum: PacketCount { destination + tooBig + ringFull }
    }

    package init() {}

    /// Whether everything that matched is accounted for.
    package var obeysLaw: Bool { matched == mirrored + withheld.sum + failed.sum }
}
