// SPDX-License-Identifier: Apache-2.0

/// What the daemon knows of Open vSwitch, as `weir status` shows it.
package struct SwitchReport: Codable, Equatable, Sendable {
    /// The socket of its database.
    package var socket: String
    /// Whether its ports are followed now; what is known is of the last time otherwise.
    package var isConnected = false
    /// How often it was followed again after it was lost.
    package var reconnects: UInt64 = 0
    /// Why it cannot be followed; nil while it is, and before the first try.
    package var failure: String?
    /// Its bridges whose guests are measured.
    package var bridges: [String] = []
    /// Interfaces on these bridges, and those of them that may be guests'.
    package var interfaces = 0
    package var guestPorts = 0
    /// Ports whose records come from other ports, since no program sees what is sent to them; nil where that is not configured.
    package var standIns: [String]?
    /// What keeps records from standing in at others.
    package var standInsLack: [String]?
    /// What is known of its megaflows; nil where records are not judged by them.
    package var megaflows: MegaflowReport?

    package init(socket: String) { self.socket = socket }

    enum CodingKeys: String, CodingKey {
        case socket, reconnects, failure, bridges, interfaces, megaflows
        case isConnected = "connected"
        case guestPorts = "guest_ports"
        case standIns = "stand_ins"
        case standInsLack = "stand_ins_lack"
    }
}

extension SwitchReport {
    /// Takes what the switch says now.
    mutating func take(_ ports: SwitchPorts, of choice: SwitchChoice) {
        let followed = ports.of(bridges: choice.bridges)
        bridges = ports.bridges.filter { choice.bridges.isEmpty || choice.bridges.contains($0) }
        interfaces = followed.count
        guestPorts = followed.count { $0.guest != .no }
    }
}
