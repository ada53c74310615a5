// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import TapService

/// What `weir-mirror` is told when it starts.
package struct MirrorPlan: Codable, Equatable, Sendable {
    /// Those whose copies may lie in the ring.
    package var sessions: [MirrorSession]

    package init(_ sessions: [MirrorSession] = []) { self.sessions = sessions }
}

/// Where the copies of one session go, by the label that the records of the ring have.
package struct MirrorSession: Codable, Equatable, Sendable {
    package var label: UInt16
    package var remote: String
    package var vni: UInt32
    package var dscp: UInt8
    package var timeToLive: UInt8
    package var hasChecksum: Bool

    private enum CodingKeys: String, CodingKey {
        case label, remote, vni, dscp
        case timeToLive = "ttl"
        case hasChecksum = "udp_checksum"
    }

    /// Frames that are too long are refused or cut before they come into the ring.
    package init(_ label: UInt16, _ tunnel: TapTunnel) {
        self.label = label
        remote = "\(tunnel.remote)"
        vni = tunnel.vni
        dscp = tunnel.dscp
        timeToLive = tunnel.timeToLive
        hasChecksum = tunnel.hasChecksum
    }

    /// nil where the remote address is none.
    var address: IPAddress? { IPAddress(remote) }
}
