// SPDX-License-Identifier: Apache-2.0

/// Which Open vSwitch is asked for ports, and for those of which bridges.
package struct SwitchChoice: Equatable, Sendable {
    /// Where it has its sockets (`OVS_RUNDIR`).
    package var runDirectory = "/run/openvswitch"
    /// The control socket of `ovs-vswitchd`; nil: it is looked for in the run directory.
    package var control: String?
    /// Names of the bridges whose guests are measured; empty is all.
    package var bridges: [String] = []
    /// Whether records of other ports stand in where frames to a guest are not observed.
    package var standsIn = false
    /// Whether its megaflows are looked at, to judge records by them.
    package var judges = true
    /// How many packets it may be asked about a second (`ofproto/trace`).
    package var traceRate = 20

    package init() {}

    /// The socket of its database.
    package var socket: String { runDirectory + "/" + Self.socketName }

    package static let socketName = "db.sock"

    package func follows(_ port: SwitchPort) -> Bool { bridges.isEmpty || bridges.contains(port.bridge) }
}
