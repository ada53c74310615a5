// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What the kernel's programs are to copy: tap flows, compiled for the ports that there are.
package struct TapPlan: Equatable, Sendable {
    package var sessions: [TapSession] = []
    /// By port, the sessions that its packets are offered to, in the order of their session numbers: the first whose rules accept a packet
    /// takes it, and no other.
    package var uses: [PortNumber: [TapUse]] = [:]
    /// By port, captures: each whose rules accept a packet gets a copy of it, whatever else becomes of the packet. Their destinations are rings.
    package var captures: [PortNumber: [TapUse]] = [:]
    /// Ports by which copies leave or to which they go. Copies are counted apart there, and never copied again. Such a port may be a source,
    /// too.
    package var carriers: Set<PortNumber> = []
    /// Copies that other hosts send here, and where they go.
    package var arrivals: [TapArrival] = []

    package init() {}

    /// Those of sessions and of captures.
    package var allUses: [TapUse] { uses.values.flatMap(\.self) + captures.values.flatMap(\.self) }

    package static let mostSessions = 1024
    package static let mostAccounts = 4096
    /// That one port can be a source of.
    package static let mostUses = 16
    /// Of one port.
    package static let mostCaptures = 4
    /// Of all sessions together, both directions.
    package static let mostRules = 16384
    /// Of one session and direction.
    package static let mostRulesOfDirection = 128
    package static let mostArrivals = 4096
}

/// Copies that a host sends under a number go to an interface here. Those of other hosts, or under other numbers, are dropped.
package struct TapArrival: Hashable, Sendable {
    package var sender: IPAddress
    /// 1 to 2^24 - 1.
    package var vni: UInt32
    /// Index of the interface.
    package var interface: UInt32

    package init(from sender: IPAddress, vni: UInt32, to interface: UInt32) {
        self.sender = sender
        self.vni = vni
        self.interface = interface
    }
}

/// That a session has a port for a source, and where the kernel counts what it does there.
package struct TapUse: Hashable, Sendable {
    /// Place in `TapPlan.sessions`.
    package var session: Int
    /// Its number is the caller's to choose, and stays for as long as the session has the port: counts only grow.
    package var account: Int

    package init(session: Int, account: Int) {
        self.session = session
        self.account = account
    }
}

/// One tap flow or tap mirror, as the kernel knows it.
package struct TapSession: Equatable, Sendable {
    /// Of frames to the machine (IN), in the order of their numbers: the first that matches decides. None: no such frame is taken.
    package var ingress: [TapRule] = []
    /// Of frames from the machine (OUT).
    package var egress: [TapRule] = []
    /// Outermost VLAN ids that are taken, 0 for frames without a tag; nil: all.
    package var vlans: Set<UInt16>?
    package var destination: TapDestination
    /// What records of rings call it: where the destination is a ring, or a port of the session cannot send.
    package var label: UInt16 = 0
    /// Bytes of a frame that are copied, from its Ethernet header on; nil: all.
    package var packetLength: Int?
    /// Of each flow (one direction of a five-tuple), only so many packets and octets, from when the session first saw it; nil: no limit.
    package var firstPackets: UInt32?
    package var firstOctets: UInt64?
    package var sampling: TapSampling?
    /// What its user has set.
    package var rate = TapRate()
    /// What the destination and the host have left for it; changes while it runs.
    package var budget = TapRate()

    package init(to destination: TapDestination) { self.destination = destination }
}

package enum TapDestination: Hashable, Sendable {
    /// An interface of this network namespace, by its index: copies are sent to it.
    case interface(UInt32)
    case tunnel(TapTunnel)
    /// A capture's ring, by its place from 1 to 63. At place 0 is the ring of `weir-mirror`: copies to an interface or a tunnel that a port's
    /// programs cannot send.
    case ring(Int)
}

/// VXLAN (RFC 7348) to a remote host.
package struct TapTunnel: Hashable, Sendable {
    package var remote: IPAddress
    /// 1 to 2^24 - 1.
    package var vni: UInt32
    /// Differentiated services code point of the outer header, 0 to 63.
    package var dscp: UInt8 = 0
    package var timeToLive: UInt8 = 64
    /// Whether the outer UDP header has a checksum; over IPv6 it has one by RFC 8200 unless both ends agree.
    package var hasChecksum = true
    /// Bytes of a frame, from its Ethernet header on, whose outer packet fits the path; nil: not known, all are sent.
    package var longestFrame: Int?
    package var oversize = Oversize.fragment

    /// What becomes of a frame that is longer. Of a super-frame each segment is looked at.
    package enum Oversize: String, Sendable, CaseIterable {
        /// The outer packet is sent in fragments.
        case fragment
        /// The frame is cut; of a super-frame the first segment alone is sent.
        case cut
        /// The frame is not sent, and counted.
        case refuse
    }

    package init(to remote: IPAddress, vni: UInt32) {
        self.remote = remote
        self.vni = vni
    }
}

/// One packet of `rate`, or all packets of one flow of `rate`, chosen by a hash of its five-tuple that is the same in both directions.
package struct TapSampling: Hashable, Sendable {
    package var rate: UInt32
    package var isPerFlow: Bool

    package init(one rate: UInt32, perFlow: Bool) {
        self.rate = rate
        isPerFlow = perFlow
    }
}

/// A token bucket; nil: no limit.
package struct TapRate: Hashable, Sendable {
    package var packetsPerSecond: UInt64?
    /// Bytes of frames, from the Ethernet header on.
    package var bytesPerSecond: UInt64?

    package init(packetsPerSecond: UInt64? = nil, bytesPerSecond: UInt64? = nil) {
        self.packetsPerSecond = packetsPerSecond
        self.bytesPerSecond = bytesPerSecond
    }
}
