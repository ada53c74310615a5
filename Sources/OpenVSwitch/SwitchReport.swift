// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// What is known of the switch, as `weir status` shows it.
package struct SwitchReport: ReportSection {
    package var socket: String
    package var isConnected = false
    package var reconnects: UInt64 = 0
    package var failure: String?
    package var bridges: [String] = []
    package var interfaces = 0
    package var guestPorts = 0
    package var standIns: [String]?
    package var standInsLack: [String]?
    package var megaflows: MegaflowReport?

    package init() { self.init(socket: "") }

    package init(socket: String) { self.socket = socket }

    package static let facts = [
        Fact<Self>("socket", \.socket, "The socket of its database."),
        Fact(
            "connected", \.isConnected,
            "Whether its ports are followed now; what is known is of the last time otherwise.",
            Metric(
                .gauge, "weir_ovs_connected", "1 while Open vSwitch is followed.",
                note: "With `--ovs`; while it is 0, ports that are attached are measured on."
            ) { $0.isConnected }),
        Fact(
            "reconnects", \.reconnects, "How often Open vSwitch was followed again after a loss.", .counter,
            "weir_ovs_reconnects_total"),
        Fact("failure", \.failure, "Why it cannot be followed; left out while it is, and before the first try."),
        Fact(
            "bridges", \.bridges, "Its bridges whose guests are measured.",
            Metric(.gauge, "weir_ovs_bridges", "Bridges whose guests are measured.") { $0.bridges.count }),
        Fact("interfaces", \.interfaces, "Interfaces on these bridges."),
        Fact(
            "guest_ports", \.guestPorts, "Ports on them that may be guests'.", .gauge, "weir_ovs_guest_ports"),
        Fact(
            "stand_ins", \.standIns,
            "Ports whose records come from other ports, since no program sees what is sent to them; where that is configured."
        ),
        Fact("stand_ins_lack", \.standInsLack, "What keeps records from standing in at others."),
        Fact(section: "megaflows", \.megaflows, "Its megaflows, where records are judged by them."),
    ]

    package var lines: [ReportLine] { [ReportLine("ovs", text)] + megaflows.lines }

    package var concerns: [Concern] {
        let away = isConnected ? [] : [Concern.warning("Open vSwitch is not followed: \(failure ?? "not tried yet")")]
        return away + megaflows.concerns
    }

    private var text: String {
        let names = bridges.isEmpty ? "no bridge" : bridges.joined(separator: ", ")
        var text = isConnected ? "connected" : "not connected (\(failure ?? "not tried yet"))"
        text += ", \(counted(guestPorts, "port")) of guests of \(interfaces) on \(names)"
        if reconnects > 0 { text += "; \(counted(reconnects, "reconnect"))" }
        if let standIns, !standIns.isEmpty { text += "; records stand in at \(standIns.joined(separator: ", "))" }
        if let lack = standInsLack, !lack.isEmpty {
            text += "; for records to stand in, \(lack.joined(separator: ", ")) would have to be measured or known"
        }
        return text
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
